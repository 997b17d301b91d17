"""Pages (Relay's shape, forward only) and the cursors between them: opaque text that holds the last row's key."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

import strawberry

from auth import base64url
from schema.failures import BadUserInput
from schema.ids import SEQ_MAX
from wallet import days
from wallet.gifts import Place
from wallet.values import GiftId, SaleId

PAGE_MAX = 100
CURSOR_LENGTH_MAX = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_MICROSECONDS = 2**52
"""In the year 2112: what PostgreSQL and Python both hold without a thought."""


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None

    @classmethod
    def of(cls, cursors: Sequence[str], *, more: bool, after: bool) -> "PageInfo":
        """Of the page with these cursors. Behind any cursor there is the row that it was made from."""
        return cls(
            has_next_page=more,
            has_previous_page=after,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        )


def page_size(first: int) -> int:
    """`first`, if it is from 1 to 100. Raises BadUserInput."""
    if not 1 <= first <= PAGE_MAX:
        raise BadUserInput(f"first must be from 1 to {PAGE_MAX}.")
    return first


@lru_cache(maxsize=4096)
def seq_cursor(seq: int) -> str:
    return base64url.encode(b"h" + seq.to_bytes(8, "big"))


def read_seq_cursor(cursor: str | None) -> int | None:
    """The seq that the cursor was made from; None for the first page. Raises BadUserInput."""
    if not cursor:
        return None
    raw = _read(cursor, b"h", 9)
    return min(int.from_bytes(raw[1:], "big"), SEQ_MAX)


def gift_cursor(created_at: datetime, gift_id: GiftId) -> str:
    return _written(b"g", created_at, gift_id)


def read_gift_cursor(cursor: str | None) -> Place | None:
    """The gift that the cursor was made from; None for the first page. Raises BadUserInput."""
    if not cursor:
        return None
    at, gift_id = _moment_and_id(cursor, b"g")
    return Place(at, GiftId(gift_id))


def sale_cursor(occurred_at: datetime, sale_id: SaleId) -> str:
    return _written(b"l", occurred_at, sale_id)


def read_sale_cursor(cursor: str | None) -> days.Place | None:
    """The sale that the cursor was made from; None for the first page. Raises BadUserInput."""
    if not cursor:
        return None
    at, sale_id = _moment_and_id(cursor, b"l")
    return days.Place(at, SaleId(sale_id))


def _written(tag: bytes, at: datetime, its: UUID) -> str:
    microseconds = (at - EPOCH) // timedelta(microseconds=1)
    return base64url.encode(tag + microseconds.to_bytes(8, "big") + its.bytes)


def _moment_and_id(cursor: str, tag: bytes) -> tuple[datetime, UUID]:
    raw = _read(cursor, tag, 25)
    microseconds = min(int.from_bytes(raw[1:9], "big"), LATEST_MICROSECONDS)
    return EPOCH + timedelta(microseconds=microseconds), UUID(bytes=raw[9:])


def _read(cursor: str, tag: bytes, length: int) -> bytes:
    raw = base64url.decode(cursor) if len(cursor) <= CURSOR_LENGTH_MAX else None
    if raw is None or raw[:1] != tag or len(raw) != length:
        raise BadUserInput("after is no cursor of this list.")
    return raw
