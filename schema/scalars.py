"""The scalars of the API. What one refuses is a mistake of the calling program and never reaches a resolver."""

import re
from datetime import UTC, datetime
from typing import NewType
from uuid import UUID

import orjson
import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from wallet.values import POINTS_MAX, Points

CurrencyCode = NewType("CurrencyCode", str)

OLDEST_YEAR = 2000
NEWEST_YEAR = 2199

RFC_3339 = re.compile(
    r"(?P<second>[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?P<fraction>\.[0-9]{1,9})?"
    r"(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
CANONICAL_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
CURRENCY_FORM = re.compile(r"[A-Z]{3}")


def write_points(value: object) -> int:
    if type(value) is not int or not -POINTS_MAX <= value <= POINTS_MAX:
        raise GraphQLError("Points is a whole number within ±2^53.")
    return value


def read_points(value: object) -> Points:
    return Points(write_points(value))


def write_moment(value: object) -> str:
    """RFC 3339 in UTC with `Z`; the fraction of a second is written where there is one."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise GraphQLError("DateTime is a moment with an offset.")
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    # The same text as isoformat makes, in a quarter of the time: a page has a hundred of them.
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)[1:-1].decode("ascii")


def read_moment(value: object) -> datetime:
    """The moment in UTC, whatever offset it was written with. Digits past the microsecond are dropped."""
    found = RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise GraphQLError("DateTime is RFC 3339 with an offset, e.g. 2026-11-22T09:30:00Z.")
    fraction = (found["fraction"] or ".0")[:7]
    offset = "+00:00" if found["offset"] in "Zz" else found["offset"]
    try:
        moment = datetime.fromisoformat(f"{found['second'].upper()}{fraction.ljust(7, '0')}{offset}")
    except ValueError as error:
        raise GraphQLError("DateTime names no day or hour that exists.") from error
    if not OLDEST_YEAR <= moment.year <= NEWEST_YEAR:
        raise GraphQLError(f"DateTime is between the years {OLDEST_YEAR} and {NEWEST_YEAR}.")
    return moment.astimezone(UTC)


def write_uuid(value: object) -> str:
    if not isinstance(value, UUID):
        raise GraphQLError("UUID is a UUID.")
    return str(value)


def read_uuid(value: object) -> UUID:
    if not isinstance(value, str) or CANONICAL_UUID.fullmatch(value) is None:
        raise GraphQLError("UUID has the form 123e4567-e89b-12d3-a456-426614174000.")
    return UUID(value)


def read_currency(value: object) -> CurrencyCode:
    if not isinstance(value, str) or CURRENCY_FORM.fullmatch(value) is None:
        raise GraphQLError("CurrencyCode is three capital letters, e.g. INR.")
    return CurrencyCode(value)


SCALARS: dict[object, ScalarDefinition] = {
    Points: strawberry.scalar(
        name="Points",
        description="Signed whole number, JSON integer, within ±2^53.",
        serialize=write_points,
        parse_value=read_points,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="RFC 3339, UTC, e.g. 2026-11-22T09:30:00Z.",
        serialize=write_moment,
        parse_value=read_moment,
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="In its canonical form of 36 characters.",
        serialize=write_uuid,
        parse_value=read_uuid,
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode",
        description="ISO 4217, e.g. INR.",
        serialize=read_currency,
        parse_value=read_currency,
    ),
}
