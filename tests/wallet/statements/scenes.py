"""A card to which something of every sort has happened, and its statement."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.factories import Shop, make_card, make_customer, make_points, make_shop
from wallet import ledger, statements
from wallet.database import Conn
from wallet.ledger import Cause
from wallet.statements import Facts
from wallet.values import CardId, CustomerId, Phrase, Points

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Scene:
    shop: Shop
    owner: CustomerId
    card_id: CardId
    number: str


async def make_scene(conn: Conn, *, now: datetime) -> Scene:
    """Seven entries on the five days before `now`: day 1: 1 BONUS, 2 BONUS (pending); day 2: 3 GIFT_SENT; day 4:
    4 ACTIVATED, 5 EXPIRED, 6 BONUS; day 5: 7 GIFT_RETURNED.
    """
    begins = now - 5 * A_DAY
    shop = await make_shop(conn, now=begins)
    owner = await make_customer(conn, name="Asha", now=begins)
    card_id = await make_card(conn, shop, owner, now=begins)
    await make_points(conn, shop, card_id, 100, now=begins, expires_at=begins + 2 * A_DAY)
    await make_points(conn, shop, card_id, 50, now=begins, activates_at=begins + 2 * A_DAY)
    async with conn.transaction():
        second = begins + A_DAY
        cards = await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=second)
        cause = Cause(second, (Phrase("gift_sent", {"recipient": 'Ravi | "Ü"'}),))
        sent = await ledger.reserve_for_gift(conn, cards[card_id], points=Points(30), cause=cause, now=second)
    await make_points(conn, shop, card_id, 7, now=begins + 3 * A_DAY)
    async with conn.transaction():
        fifth = begins + 4 * A_DAY
        cards = await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=fifth)
        await ledger.release_gift(
            conn,
            cards[card_id],
            account_id=sent.account_id,
            sent_seq=sent.posted.seq,
            cause=Cause(fifth, reverses_seq=sent.posted.seq, reverses_wholly=True),
            now=fifth,
        )
    number = await conn.fetchval("SELECT number FROM cards WHERE card_id = $1", card_id)
    return Scene(shop, owner, card_id, number)


async def collect(conn: Conn, scene: Scene, since: datetime, until: datetime, *, now: datetime) -> Facts:
    return await statements.collect(
        conn,
        customer_id=scene.owner,
        merchant_id=scene.shop.merchant_id,
        card_id=scene.card_id,
        since=since,
        until=until,
        now=now,
    )
