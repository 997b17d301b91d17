"""Who and what is there in the tests of the APIs, and a look at everything at once."""

from dataclasses import dataclass
from uuid import UUID

import strawberry

from schema.ids import CardKey, encode
from wallet.database import Conn
from wallet.values import CardId, CustomerId, MerchantId

BUSINESS_TABLES = (
    "customers",
    "sessions",
    "refresh_tokens",
    "terminals",
    "activation_codes",
    "cards",
    "card_directory",
    "accounts",
    "entries",
    "transfers",
    "lots",
    "lot_movements",
    "check_in_codes",
    "used_codes",
    "visits",
    "sales",
    "sale_lines",
    "refunds",
    "refund_lines",
    "gifts",
    "gift_links",
    "gift_events",
    "rewards",
    "vouchers",
    "voucher_requests",
    "stamp_movements",
    "gift_cards",
    "gift_card_activities",
    "gift_card_requests",
    "gift_cards_sold",
    "gift_cards_replaced",
    "sale_tenders",
    "gift_designs",
    "program_logos",
    "payments",
    "payment_events",
    "mail_suppressions",
    "outbox",
)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer with a card of the shop and a phone that is signed in."""

    customer_id: CustomerId
    session_id: UUID
    merchant_id: MerchantId
    card_id: CardId

    @property
    def card(self) -> strawberry.ID:
        return encode(CardKey(self.merchant_id, self.card_id))


async def everything(conn: Conn) -> dict[str, str]:
    """All rows of all business tables, a hash a table: equal before and after means that nothing happened."""
    rows = "md5(COALESCE(string_agg(t::text, ',' ORDER BY t::text), ''))"
    looks = (f"SELECT '{name}' AS name, {rows} AS rows FROM {name} AS t" for name in BUSINESS_TABLES)
    return {row["name"]: row["rows"] for row in await conn.fetch(" UNION ALL ".join(looks))}


async def count(conn: Conn, table: str) -> int:
    return int(await conn.fetchval(f"SELECT COUNT(*) FROM {table}"))


def asked(statements: list[str]) -> list[str]:
    """The statements of ours. What asyncpg asks once a connection, about types that it meets first, is left out."""
    own = ("WITH RECURSIVE typeinfo_tree(", "SELECT current_setting('jit')")
    return [statement for statement in statements if not statement.startswith(own)]
