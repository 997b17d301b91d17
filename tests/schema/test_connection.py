from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth import base64url
from schema.connection import (
    PageInfo,
    gift_cursor,
    page_size,
    read_gift_cursor,
    read_sale_cursor,
    read_seq_cursor,
    sale_cursor,
    seq_cursor,
)
from schema.failures import BadUserInput
from schema.ids import SEQ_MAX
from wallet import days
from wallet.gifts import Place
from wallet.values import GiftId, SaleId


@given(st.integers(min_value=0, max_value=SEQ_MAX))
def test_a_cursor_of_the_history_leads_back_to_its_line(seq: int) -> None:
    assert read_seq_cursor(seq_cursor(seq)) == seq


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
    st.uuids(),
)
def test_a_cursor_of_gifts_leads_back_to_its_gift(created_at: datetime, gift_id: UUID) -> None:
    assert read_gift_cursor(gift_cursor(created_at, GiftId(gift_id))) == Place(created_at, GiftId(gift_id))


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
    st.uuids(),
)
def test_a_cursor_of_sales_leads_back_to_its_sale(occurred_at: datetime, sale_id: UUID) -> None:
    assert read_sale_cursor(sale_cursor(occurred_at, SaleId(sale_id))) == days.Place(occurred_at, SaleId(sale_id))


@pytest.mark.parametrize("cursor", [None, ""])
def test_no_cursor_is_the_first_page(cursor: str | None) -> None:
    assert read_seq_cursor(cursor) is None
    assert read_gift_cursor(cursor) is None
    assert read_sale_cursor(cursor) is None


def test_one_lists_cursor_is_none_of_the_others() -> None:
    created_at = datetime(2026, 11, 22, tzinfo=UTC)
    with pytest.raises(BadUserInput):
        read_gift_cursor(seq_cursor(1))
    with pytest.raises(BadUserInput):
        read_seq_cursor(gift_cursor(created_at, GiftId(UUID(int=1))))
    with pytest.raises(BadUserInput):
        read_sale_cursor(gift_cursor(created_at, GiftId(UUID(int=1))))
    with pytest.raises(BadUserInput):
        read_gift_cursor(sale_cursor(created_at, SaleId(UUID(int=1))))


@given(st.one_of(st.text(min_size=1), st.binary(min_size=1, max_size=40).map(base64url.encode)))
def test_any_other_text_is_bad_input(cursor: str) -> None:
    for read in (read_seq_cursor, read_gift_cursor, read_sale_cursor):
        try:
            read(cursor)
        except BadUserInput:
            continue


def test_a_cursor_never_leads_past_what_the_database_can_hold() -> None:
    assert read_seq_cursor(base64url.encode(b"h" + b"\xff" * 8)) == SEQ_MAX
    place = read_gift_cursor(base64url.encode(b"g" + b"\xff" * 24))
    assert place is not None
    assert place.created_at < datetime(2200, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("first", [1, 20, 100])
def test_a_page_has_one_to_a_hundred_lines(first: int) -> None:
    assert page_size(first) == first


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
def test_no_page_has_more_or_none(first: int) -> None:
    with pytest.raises(BadUserInput):
        page_size(first)


def test_an_empty_page_has_no_cursors() -> None:
    info = PageInfo.of([], more=False, after=True)
    assert (info.start_cursor, info.end_cursor) == (None, None)
    assert (info.has_next_page, info.has_previous_page) == (False, True)
