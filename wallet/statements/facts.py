"""What a statement says, and how it is written down (docs/LEDGER.md)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from wallet.fingerprint import Json
from wallet.ledger.chain import EPOCH, MICROSECOND, SEPARATOR
from wallet.values import CardId, EntryKind, MerchantId, Phrase

FORMAT = "regulars statement 1"

FIELDS = 18
"""Of an entry's canonical text. The last one, the reasons, may hold the separator."""


class StatementUnreadable(Exception):
    """It is no statement. The text says what is wrong with it, for the person who has it."""


@dataclass(frozen=True, slots=True)
class Stand:
    """What stands on a card after entry `seq`, 0 before the first, and the hash that the next one follows."""

    seq: int
    active: int
    pending: int
    reserved: int
    lifetime: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """An entry: its canonical text, and its hash as it stands in the ledger."""

    text: str
    hash: bytes

    def read(self) -> "Line":
        """Raises StatementUnreadable for what is no entry."""
        parts = self.text.split(SEPARATOR, FIELDS - 1)
        try:
            seq, *changes, occurred, posted = (int(part) for part in (parts[0], *parts[2:11]))
            points, pending, reserved, active_after, pending_after, reserved_after, lifetime_after = changes
            return Line(
                seq=seq,
                kind=EntryKind(parts[1]),
                points=points,
                pending_points=pending,
                reserved_points=reserved,
                active_after=active_after,
                pending_after=pending_after,
                reserved_after=reserved_after,
                lifetime_after=lifetime_after,
                occurred_at=EPOCH + occurred * MICROSECOND,
                posted_at=EPOCH + posted * MICROSECOND,
                reasons=reasons_of(parts[FIELDS - 1]),
            )
        except (ValueError, IndexError, OverflowError):
            raise StatementUnreadable(f"This is no entry: {self.text[:80]}") from None


@dataclass(frozen=True, slots=True)
class Line:
    """An entry, read."""

    seq: int
    kind: EntryKind
    points: int
    pending_points: int
    reserved_points: int
    active_after: int
    pending_after: int
    reserved_after: int
    lifetime_after: int
    occurred_at: datetime
    posted_at: datetime
    reasons: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is signed. The entries are those posted from `since` to before `until`."""

    merchant_id: MerchantId
    merchant_name: str
    program_name: str
    point_name: str
    point_name_plural: str
    timezone: str
    card_id: CardId
    number_last4: str
    since: datetime
    until: datetime
    issued_at: datetime
    opening: Stand
    entries: tuple[Written, ...]
    closing: Stand


def reasons_of(text: str) -> tuple[Phrase, ...]:
    """The reasons in their canonical text. Raises ValueError for any other."""
    try:
        return tuple(Phrase(str(reason["code"]), _plain(reason["facts"])) for reason in json.loads(text))
    except (KeyError, TypeError, RecursionError) as trouble:
        raise ValueError("these are no reasons") from trouble


def _plain(facts: Mapping[str, object]) -> dict[str, str | int]:
    return {name: fact for name, fact in facts.items() if isinstance(fact, str | int)}


def to_json(facts: Facts) -> Json:
    return {
        "format": FORMAT,
        "merchant": {"id": str(facts.merchant_id), "name": facts.merchant_name, "timezone": facts.timezone},
        "program": {"name": facts.program_name, "pointName": facts.point_name, "pointNames": facts.point_name_plural},
        "card": {"id": str(facts.card_id), "numberLast4": facts.number_last4},
        "from": _moment(facts.since),
        "to": _moment(facts.until),
        "issuedAt": _moment(facts.issued_at),
        "opening": _stand(facts.opening),
        "entries": [{"text": entry.text, "hash": entry.hash.hex()} for entry in facts.entries],
        "closing": _stand(facts.closing),
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _stand(stand: Stand) -> Json:
    return {
        "seq": stand.seq,
        "active": stand.active,
        "pending": stand.pending,
        "reserved": stand.reserved,
        "lifetime": stand.lifetime,
        "hash": stand.hash.hex(),
    }


def from_json(said: object) -> Facts:
    """What `to_json` made this of. Raises StatementUnreadable for anything else."""
    top = _Reader(said, "the statement")
    if top.text("format") != FORMAT:
        raise StatementUnreadable(f'This is no statement of the format "{FORMAT}".')
    merchant, program, card = top.inner("merchant"), top.inner("program"), top.inner("card")
    return Facts(
        merchant_id=MerchantId(merchant.uuid("id")),
        merchant_name=merchant.text("name"),
        program_name=program.text("name"),
        point_name=program.text("pointName"),
        point_name_plural=program.text("pointNames"),
        timezone=merchant.text("timezone"),
        card_id=CardId(card.uuid("id")),
        number_last4=card.text("numberLast4"),
        since=top.moment("from"),
        until=top.moment("to"),
        issued_at=top.moment("issuedAt"),
        opening=top.inner("opening").stand(),
        entries=tuple(Written(entry.text("text"), entry.hash("hash")) for entry in top.each("entries")),
        closing=top.inner("closing").stand(),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes typed parts out of an object that somebody handed in."""

    value: object
    name: str

    def _part(self, key: str, kind: type) -> object:
        part = self.value.get(key) if isinstance(self.value, dict) else None
        if type(part) is not kind:
            raise StatementUnreadable(f"{self.name} has no proper {key}.")
        return part

    def text(self, key: str) -> str:
        return str(self._part(key, str))

    def number(self, key: str) -> int:
        part = self._part(key, int)
        assert isinstance(part, int)
        return part

    def inner(self, key: str) -> "_Reader":
        return _Reader(self._part(key, dict), key)

    def each(self, key: str) -> "list[_Reader]":
        parts = self._part(key, list)
        assert isinstance(parts, list)
        return [_Reader(part, f"{key}[{n}]") for n, part in enumerate(parts)]

    def hash(self, key: str) -> bytes:
        try:
            found = bytes.fromhex(self.text(key))
        except ValueError:
            found = b""
        if len(found) != 32:
            raise StatementUnreadable(f"{self.name} has no proper {key}.")
        return found

    def uuid(self, key: str) -> UUID:
        try:
            return UUID(self.text(key))
        except ValueError:
            raise StatementUnreadable(f"{self.name} has no proper {key}.") from None

    def moment(self, key: str) -> datetime:
        try:
            return datetime.fromisoformat(self.text(key)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise StatementUnreadable(f"{self.name} has no proper {key}.") from None

    def stand(self) -> Stand:
        return Stand(
            seq=self.number("seq"),
            active=self.number("active"),
            pending=self.number("pending"),
            reserved=self.number("reserved"),
            lifetime=self.number("lifetime"),
            hash=self.hash("hash"),
        )
