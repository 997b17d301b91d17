"""The chain as docs/LEDGER.md says it to a stranger: nothing of ours is used to recompute it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from wallet.database import Conn, Row

FIELDS = (
    "seq", "kind", "points", "pending_points", "reserved_points", "active_after", "pending_after", "reserved_after",
    "lifetime_after", "occurred_at", "posted_at", "store_id", "sale_id", "gift_id", "voucher_id", "reverses_seq",
    "reverses_wholly", "reasons",
)  # fmt: skip


def text_of(entry: Row) -> str:
    return "|".join(field_of(entry[name]) for name in FIELDS)


def field_of(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(int(value))
        case datetime():
            passed = value - datetime(1970, 1, 1, tzinfo=UTC)
            return str((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds)
        case list():
            return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        case _:
            return str(value)


def hashes_of(merchant_id: object, card_id: object, entries: Sequence[Row]) -> list[bytes]:
    """What the hashes of the card's entries must be, the first entry first."""
    found = [sha256(f"regulars card 1|{merchant_id}|{card_id}".encode()).digest()]
    for entry in entries:
        found.append(sha256(found[-1] + text_of(entry).encode()).digest())
    return found


async def written(conn: Conn, card_id: object) -> list[Row]:
    """All entries of the card, the first one first."""
    return await conn.fetch(f"SELECT {', '.join(FIELDS)}, hash FROM entries WHERE card_id = $1 ORDER BY seq", card_id)
