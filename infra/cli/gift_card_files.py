"""Gift cards in files: CSV (RFC 4180) with the columns number, pin, balance_minor, expires. pin may be left out."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from auth import gift_cards
from auth.secrets import SecretBox
from infra.settings import SettingsError
from wallet.errors import InvalidInput, Problem
from wallet.midnights import midnight
from wallet.value import Brought
from wallet.values import MINOR_MAX, MerchantId, Minor, Phrase

COLUMNS = "number,pin,balance_minor,expires"
NEEDED = frozenset({"number", "balance_minor", "expires"})
KNOWN = NEEDED | {"pin"}


def cards_in(
    file: Path, *, box: SecretBox, merchant_id: MerchantId, zone: ZoneInfo, now: datetime
) -> tuple[Brought, ...]:
    """The cards in the file. A date is good to its end where the merchant is; none is for ever.

    Raises SettingsError where it is no such file, InvalidInput with every problem of every line.
    """
    problems, cards = list[Problem](), list[Brought]()
    for number, row in _rows(file):
        place = f"line {number}"
        try:
            cards.append(_card(row, place, box, merchant_id, zone, now))
        except InvalidInput as refusal:
            problems.extend(Problem(f"{place}.{problem.field}", problem.phrase) for problem in refusal.problems)
    if problems:
        raise InvalidInput(problems)
    if not cards:
        raise SettingsError(f"{file} has no gift cards.")
    return tuple(cards)


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True, restkey="")
            columns = frozenset(reader.fieldnames or ())
            if not NEEDED <= columns <= KNOWN:
                raise SettingsError(
                    f"{file}: The first line must be number,pin,balance_minor,expires; pin may be left out."
                )
            for row in reader:
                if None in row.values() or "" in row:
                    raise SettingsError(f"{file}: Line {reader.line_num} has not as many fields as the first one.")
                yield reader.line_num, row
    except OSError as trouble:
        raise SettingsError(f"{file} cannot be read: {trouble.strerror}.") from trouble
    except (csv.Error, UnicodeDecodeError) as trouble:
        raise SettingsError(f"{file} is no CSV in UTF-8: {trouble}.") from trouble


def _card(
    row: Mapping[str, str], place: str, box: SecretBox, merchant_id: MerchantId, zone: ZoneInfo, now: datetime
) -> Brought:
    problems, minted = list[Problem](), None
    try:
        minted = gift_cards.brought(
            box, merchant_id=merchant_id, number=row["number"], pin=row.get("pin", "").strip() or None
        )
    except InvalidInput as refusal:
        problems.extend(refusal.problems)
    said = row["balance_minor"].strip()
    balance = int(said) if said.isascii() and said.isdigit() and len(said) <= len(str(MINOR_MAX)) else 0
    if not 1 <= balance <= MINOR_MAX:
        problems.append(Problem("balance_minor", Phrase("out_of_range", {"least": 1, "most": MINOR_MAX})))
    expires_at = _end_of(row["expires"].strip(), zone, problems, now)
    if problems or minted is None:
        raise InvalidInput(problems)
    return Brought(place, minted, Minor(balance), expires_at)


def _end_of(said: str, zone: ZoneInfo, problems: list[Problem], now: datetime) -> datetime | None:
    if not said:
        return None
    try:
        ends = midnight(date.fromisoformat(said) + timedelta(days=1), zone)
    except (ValueError, OverflowError):
        problems.append(Problem("expires", Phrase("not_a_date")))
        return None
    if ends <= now:
        problems.append(Problem("expires", Phrase("in_past")))
    return ends
