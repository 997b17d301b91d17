"""Baskets in files: the members that a till gives to a quote, in JSON."""

from collections.abc import Mapping
from pathlib import Path

import orjson

from infra.settings import SettingsError
from wallet.baskets import Basket, Line
from wallet.fingerprint import Json
from wallet.values import LineKind, Minor

BASKET = frozenset({"lines", "receiptNumber", "currency"})
TEXTS = ("sku", "category", "description")
LINE = frozenset({"lineId", "amountMinor", "kind", "quantity", *TEXTS})


def basket_in(file: Path, *, currency: str) -> Basket:
    """The basket in the file, in this currency where it names none. Raises SettingsError with a sentence."""
    try:
        said: Json = orjson.loads(file.read_bytes())
    except OSError as trouble:
        raise SettingsError(f"{file} cannot be read: {trouble.strerror}.") from trouble
    except orjson.JSONDecodeError as trouble:
        raise SettingsError(f"{file} is not JSON: {trouble}.") from trouble
    basket = _object(said, "the basket", BASKET)
    lines = basket.get("lines")
    if not isinstance(lines, list):
        raise SettingsError("lines: A list of lines is needed.")
    return Basket(
        receipt_number=_text(basket, "receiptNumber", "") or "preview",
        currency=_text(basket, "currency", "") or currency,
        lines=tuple(_line(line, at) for at, line in enumerate(lines)),
    )


def _line(said: Json, at: int) -> Line:
    place = f"lines[{at}]"
    line = _object(said, place, LINE)
    kind = _text(line, "kind", f"{place}.") or LineKind.ITEM.value
    if kind not in LineKind.__members__:
        raise SettingsError(f"{place}.kind: One of {', '.join(LineKind)} is needed.")
    return Line(
        line_id=_text(line, "lineId", f"{place}.") or str(at + 1),
        amount_minor=Minor(_number(line, "amountMinor", f"{place}.")),
        kind=LineKind(kind),
        sku=_text(line, "sku", f"{place}."),
        category=_text(line, "category", f"{place}."),
        description=_text(line, "description", f"{place}."),
        quantity=_number(line, "quantity", f"{place}.") if "quantity" in line else 1,
    )


def _object(said: Json, place: str, known: frozenset[str]) -> Mapping[str, Json]:
    if not isinstance(said, dict):
        raise SettingsError(f"{place}: An object is needed.")
    unknown = sorted(set(said) - known)
    if unknown:
        raise SettingsError(f"{place}: {unknown[0]} is none of {', '.join(sorted(known))}.")
    return said


def _text(said: Mapping[str, Json], key: str, place: str) -> str | None:
    value = said.get(key)
    if value is not None and not isinstance(value, str):
        raise SettingsError(f"{place}{key}: A text is needed.")
    return value


def _number(said: Mapping[str, Json], key: str, place: str) -> int:
    value = said.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise SettingsError(f"{place}{key}: A whole number is needed.")
    return value
