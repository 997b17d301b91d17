from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig

from schema.scalars import (
    SCALARS,
    CurrencyCode,
    read_currency,
    read_moment,
    read_points,
    read_uuid,
    write_moment,
    write_points,
    write_uuid,
)
from wallet.values import POINTS_MAX, Points

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@strawberry.type
class Query:
    @strawberry.field
    def points(self, said: Points) -> Points:
        return said

    @strawberry.field
    def moment(self, said: datetime) -> datetime:
        return said

    @strawberry.field
    def uuid(self, said: UUID) -> UUID:
        return said

    @strawberry.field
    def currency(self, said: CurrencyCode) -> CurrencyCode:
        return said


SCHEMA = strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map=SCALARS))


def answer(field: str, type_: str, said: object) -> object:
    """What the field gives back for a variable."""
    result = SCHEMA.execute_sync(f"query ($said: {type_}!) {{ {field}(said: $said) }}", {"said": said})
    return result.data[field] if result.data else result.errors


@pytest.mark.parametrize("said", [0, 1, -1, POINTS_MAX, -POINTS_MAX])
def test_points_are_whole_numbers(said: int) -> None:
    assert read_points(said) == write_points(said) == answer("points", "Points", said) == said


@pytest.mark.parametrize(
    "said", [True, False, 1.0, 0.5, "1", None, [], {}, POINTS_MAX + 1, -POINTS_MAX - 1, float("nan"), 10**400]
)
def test_points_are_nothing_else(said: object) -> None:
    with pytest.raises(GraphQLError):
        read_points(said)
    with pytest.raises(GraphQLError):
        write_points(said)


@pytest.mark.parametrize("literal", ["1.0", '"1"', "true", "1e3", "null", "[1]", "9007199254740993", "9" * 5000])
def test_a_literal_that_is_no_points_is_an_error_of_the_document(literal: str) -> None:
    result = SCHEMA.execute_sync(f"{{ points(said: {literal}) }}")
    assert result.data is None
    assert result.errors
    assert all(error.original_error is None or isinstance(error, GraphQLError) for error in result.errors)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-22T12:00:00Z", NOON),
        ("2026-11-22t12:00:00z", NOON),
        ("2026-11-22T17:30:00+05:30", NOON),
        ("2026-11-22T04:00:00-08:00", NOON),
        ("2026-11-22T12:00:00.5Z", NOON + timedelta(milliseconds=500)),
        ("2026-11-22T12:00:00.123456789Z", NOON + timedelta(microseconds=123456)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2199-12-31T23:59:59-12:00", datetime(2200, 1, 1, 11, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_with_any_offset(said: str, meant: datetime) -> None:
    found = read_moment(said)
    assert found == meant
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-22T12:00:00",
        "2026-11-22",
        "2026-11-22 12:00:00Z",
        "2026-11-22T12:00Z",
        "20261122T120000Z",
        "2026-W47-7T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-11-22T24:00:01Z",
        "2026-11-22T12:00:60Z",
        "2026-11-22T12:00:00+24:00",
        "2026-11-22T12:00:00+5:30",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "1999-12-31T23:59:59Z",
        "2026-11-22T12:00:00Z\n",
        "२०२६-११-२२T12:00:00Z",
        "now",
        "",
        0,
        1795348800,
        None,
        True,
    ],
)
def test_what_is_no_moment_is_refused(said: object) -> None:
    with pytest.raises(GraphQLError):
        read_moment(said)


def test_a_moment_is_written_in_utc() -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    assert write_moment(NOON) == write_moment(NOON.astimezone(kolkata)) == "2026-11-22T12:00:00Z"
    assert write_moment(NOON + timedelta(microseconds=1)) == "2026-11-22T12:00:00.000001Z"
    assert answer("moment", "DateTime", "2026-11-22T17:30:00+05:30") == "2026-11-22T12:00:00Z"


@pytest.mark.parametrize("said", [datetime(2026, 11, 22), "2026-11-22T12:00:00Z", None])  # noqa: DTZ001
def test_a_moment_without_an_offset_is_never_written(said: object) -> None:
    with pytest.raises(GraphQLError):
        write_moment(said)


def test_a_uuid_is_read_in_its_canonical_form_alone() -> None:
    text = "123e4567-e89b-12d3-a456-426614174000"
    assert read_uuid(text) == read_uuid(text.upper()) == UUID(text)
    assert answer("uuid", "UUID", text.upper()) == write_uuid(UUID(text)) == text
    for said in (text.replace("-", ""), f"{{{text}}}", f"urn:uuid:{text}", f"{text} ", "", 1, None, [text]):
        with pytest.raises(GraphQLError):
            read_uuid(said)
    with pytest.raises(GraphQLError):
        write_uuid(text)


def test_a_currency_is_three_capital_letters() -> None:
    assert read_currency("INR") == answer("currency", "CurrencyCode", "INR") == "INR"
    for said in ("inr", "IN", "INRR", "₹", "", "ÅBC", None, 356):
        with pytest.raises(GraphQLError):
            read_currency(said)
