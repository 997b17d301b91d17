"""Gift cards for tests, made and changed as the product does it."""

import secrets
from datetime import datetime
from hashlib import sha256

from tests.factories import Shop
from wallet import audit, damm
from wallet.database import Conn
from wallet.ledger import value
from wallet.ledger.value import LockedGiftCard, ValueCause
from wallet.values import CustomerId, GiftCardId, Minor, MintedGiftCard


def mint() -> MintedGiftCard:
    """As auth.gift_cards mints, but that the hashes have no key."""
    digits = f"{secrets.randbelow(10**15):015d}"
    number = f"{digits}{damm.check_digit(digits)}"
    return MintedGiftCard(number, "123456", sha256(number.encode()).digest(), sha256(b"123456").digest())


async def make_gift_card(
    conn: Conn,
    shop: Shop,
    amount: int | None,
    *,
    owner: CustomerId | None = None,
    expires_at: datetime | None = None,
    now: datetime,
) -> GiftCardId:
    """A card with so much on it; a PENDING one for None."""
    async with conn.transaction():
        opened = await value.open(
            conn,
            merchant_id=shop.merchant_id,
            program_id=shop.program_id,
            mint=mint,
            owner_customer_id=owner,
            now=now,
        )
        if amount is not None:
            await value.activate(
                conn, opened.card, amount=Minor(amount), expires_at=expires_at, cause=ValueCause(now), now=now
            )
    return opened.card.gift_card_id


async def locked(conn: Conn, shop: Shop, *gift_card_ids: GiftCardId, now: datetime) -> list[LockedGiftCard]:
    """The cards in the order asked. In a transaction of the caller's."""
    held = await value.lock_gift_cards(conn, merchant_id=shop.merchant_id, gift_card_ids=gift_card_ids, now=now)
    return [held[each] for each in gift_card_ids]


async def balances(conn: Conn, shop: Shop) -> list[int]:
    rows = await conn.fetch(
        "SELECT balance_minor FROM gift_cards WHERE merchant_id = $1 ORDER BY gift_card_id", shop.merchant_id
    )
    return [row["balance_minor"] for row in rows]


async def activities(conn: Conn, gift_card_id: GiftCardId) -> list[tuple[int, str, int, int]]:
    """Of each activity the number, the kind, the amount and the balance after it."""
    rows = await conn.fetch(
        "SELECT seq, kind, amount_minor, balance_after_minor FROM gift_card_activities WHERE gift_card_id = $1"
        " ORDER BY seq",
        gift_card_id,
    )
    return [(row["seq"], row["kind"], row["amount_minor"], row["balance_after_minor"]) for row in rows]


async def state(conn: Conn, gift_card_id: GiftCardId) -> str:
    return str(await conn.fetchval("SELECT state FROM gift_cards WHERE gift_card_id = $1", gift_card_id))


async def assert_lawful(conn: Conn) -> None:
    assert {verdict.law: verdict.broken async for verdict in audit.verdicts(conn) if verdict.count} == {}
