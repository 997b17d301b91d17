"""What is done with gift cards in a life: their owners move money between them, and the merchant blocks and adjusts."""

from tests.proofs.lives.world import Life
from tests.wallet.counter import Member
from wallet import value as stored
from wallet.gifts import by_hand
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.sales import Tender
from wallet.values import CustomerId, GiftCardId, Minor, NamedGiftCard, ShownBy

# What waits for a recipient has no number that anybody was shown.
SHOWN_SQL = """
    SELECT gift_card_id, owner_customer_id, state, balance_minor
    FROM gift_cards
    WHERE merchant_id = $1 AND (gift_id IS NULL OR owner_customer_id IS NOT NULL)
    ORDER BY gift_card_id
"""
OWN_SQL = """
    SELECT gift_card_id, balance_minor
    FROM gift_cards
    WHERE merchant_id = $1 AND owner_customer_id = $2
    ORDER BY gift_card_id
"""
ANY_SQL = """
    SELECT gift_card_id, state, balance_minor, gift_id IS NOT NULL AND owner_customer_id IS NULL AS waits
    FROM gift_cards
    WHERE merchant_id = $1
    ORDER BY gift_card_id
"""


async def named(life: Life, owner: Member) -> NamedGiftCard | None:
    """A gift card as a till names it: the customer's own by its id, any by its number, perhaps with its PIN."""
    rows = await life.conn.fetch(SHOWN_SQL, life.shop.merchant_id)
    good = [row for row in rows if row["state"] == "ACTIVE" and row["balance_minor"]]
    chosen = good if good and life.chance(0.9) else rows
    if not chosen:
        return None
    row = life.rng.choice(chosen)
    theirs = row["owner_customer_id"] == owner.customer_id
    by = ShownBy.OWNER if theirs and life.chance(0.6) else life.rng.choice((ShownBy.NUMBER, ShownBy.PIN, ShownBy.PIN))
    if life.chance(0.02):
        by = ShownBy.OWNER
    return NamedGiftCard(GiftCardId(row["gift_card_id"]), by)


async def some_tenders(life: Life, owner: Member) -> tuple[Tender, ...]:
    """None, or up to three gift cards: all that they have, or a part."""
    found = dict[GiftCardId, Tender]()
    for _ in range(life.rng.choice((0, 0, 0, 1, 1, 2, 3))):
        card = await named(life, owner)
        if card is not None:
            amount = None if life.chance(0.7) else Minor(life.rng.choice((1, 55, 100, 240)))
            found[card.gift_card_id] = Tender(card, amount)
    return tuple(found.values())


async def move(life: Life) -> None:
    """Somebody moves money between two gift cards, mostly their own."""
    owner, key = await life.somebody_with_the_app(), life.key()
    query = (
        (OWN_SQL, life.shop.merchant_id, owner.customer_id) if life.chance(0.9) else (ANY_SQL, life.shop.merchant_id)
    )
    rows = await life.conn.fetch(*query)
    if len(rows) < 2:
        return
    source, target = life.rng.sample(list(rows), 2)
    amount = source["balance_minor"] if life.chance(0.5) else life.rng.randint(1, 400)

    async def ask() -> stored.Transferred:
        return await stored.transfer(
            life.conn,
            customer_id=owner.customer_id,
            merchant_id=life.shop.merchant_id,
            from_gift_card_id=source["gift_card_id"],
            to_gift_card_id=target["gift_card_id"],
            amount_minor=amount,
            idempotency_key=key,
            now=life.now,
        )

    await life.keyed(ask, lambda done: (done.source.gift_card_id, done.target.gift_card_id))


async def decide(life: Life) -> None:
    """The merchant blocks, unblocks, adjusts or ends a gift card. What waits for a recipient is blocked at most."""
    rows = await life.conn.fetch(ANY_SQL, life.shop.merchant_id)
    if not rows:
        return
    blocked = [row for row in rows if row["state"] == "BLOCKED"]
    row = life.rng.choice(blocked if blocked and life.chance(0.5) else rows)
    way = life.rng.choice(("block", "unblock", "unblock", "adjust", "adjust", "deactivate"))
    if row["waits"] and way in ("adjust", "deactivate"):
        way = "block"
    if row["state"] == "BLOCKED" and life.chance(0.8):
        way = "unblock"
    gift_card_id, cause = GiftCardId(row["gift_card_id"]), ValueCause(life.now, "The merchant has its reasons")
    held = await by_hand.hold(life.conn, merchant_id=life.shop.merchant_id, gift_card_id=gift_card_id, now=life.now)
    against = {"block": None, "unblock": held.against_unblocking}.get(way, held.against_moving)
    if against is not None:
        return
    card = held.card
    match way:
        case "block":
            await value.block(life.conn, card, cause=cause, now=life.now)
        case "unblock":
            await value.unblock(life.conn, card, cause=cause, now=life.now)
        case "adjust":
            amount = life.rng.choice((300, 1_000, -1, -card.balance or 1))
            await value.adjust(life.conn, card, amount=amount, cause=cause, now=life.now)
            life.told_minor += amount
        case _:
            await value.deactivate(life.conn, card, cause=cause, now=life.now)
            life.told_minor -= card.balance


async def own_card(life: Life, customer_id: CustomerId) -> NamedGiftCard | None:
    """One of the customer's own, as their till names it."""
    rows = await life.conn.fetch(OWN_SQL, life.shop.merchant_id, customer_id)
    return NamedGiftCard(GiftCardId(life.rng.choice(rows)["gift_card_id"]), ShownBy.OWNER) if rows else None
