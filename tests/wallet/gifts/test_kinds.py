"""Gifts of money and of rewards: what is asked, taken, given and given back, and who wins where two want one thing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.pool import Pool
from infra.sweeps import lapse_vouchers
from tests.auth.racing import second_waits_for_first
from tests.factories import make_customer, make_reward
from tests.wallet.gifts.scenes import (
    FRIEND,
    Scene,
    assert_lawful,
    balance,
    cancel,
    card_of,
    claim,
    events_of,
    mailed,
    make_scene,
    prepare,
    read,
    record_sent,
    resend,
)
from tests.wallet.gifts.test_races import cancelling, claiming, returning
from tests.wallet.payments.scenes import mint
from wallet import gifts, payments, rewards
from wallet import value as stored
from wallet.database import Conn
from wallet.errors import (
    GiftLimitReached,
    GiftNotClaimable,
    GiftNotOpen,
    IdempotencyKeyReused,
    InsufficientPoints,
    InvalidInput,
    NotFound,
    RewardUnavailable,
    VoucherNotUsable,
)
from wallet.gifts import Gift, Sent, events, paying
from wallet.payments import PaymentState, Seen, SeenState, Source, Told
from wallet.rewards import Reward
from wallet.rules import GiftRules, Rules
from wallet.values import CustomerId, GiftKind, GiftStatus, Minor, Points, VoucherState

VALUE = 50_000
STOCK_SQL = "SELECT stock FROM rewards WHERE merchant_id = $1 AND reward_id = $2"
RUN_AT_SQL = "SELECT run_at FROM outbox WHERE topic = 'mail.gift' ORDER BY outbox_id DESC LIMIT 1"
OWNER_SQL = "SELECT owner_customer_id, state, balance_minor FROM gift_cards WHERE gift_id = $1"


async def give(
    conn: Conn, scene: Scene, *, to: str = FRIEND, deliver_at: datetime | None = None, now: datetime, **facts: Any
) -> Sent:
    async with conn.transaction():
        return await gifts.send(
            conn,
            customer_id=scene.sender,
            merchant_id=scene.shop.merchant_id,
            card_id=scene.card_id,
            recipient_name="Ravi",
            recipient_email=to,
            recipient_email_key=to,
            message=None,
            deliver_at=deliver_at,
            locale="en-IN",
            **{"provider": "builtin", "idempotency_key": uuid4(), **facts},
            now=now,
        )


async def pay(conn: Conn, sent: Sent, *, now: datetime) -> None:
    assert sent.payment is not None
    async with conn.transaction():
        await paying.hear(
            conn,
            merchant_id=sent.gift.merchant_id,
            payment_id=sent.payment.payment_id,
            seen=Seen(SeenState.PAID, f"pi_{uuid4().hex}"),
            told=Told(Source.WEBHOOK, "evt"),
            mint=mint,
            now=now,
        )


async def leave(conn: Conn, scene: Scene, gift: Gift, *, now: datetime) -> tuple[Gift, bytes]:
    """Its mail leaves; the gift, and the hash of the link."""
    link, mail = await prepare(conn, await read(conn, scene, gift), now=now)
    assert mail is not None
    await record_sent(conn, await read(conn, scene, gift), now=now)
    return await read(conn, scene, gift), link


async def mailed_value(conn: Conn, scene: Scene, *, minor: int = VALUE, now: datetime) -> tuple[Gift, bytes]:
    sent = await give(conn, scene, value_minor=minor, now=now)
    await pay(conn, sent, now=now)
    return await leave(conn, scene, sent.gift, now=now)


async def payment_state(conn: Conn, gift: Gift) -> PaymentState:
    found = await payments.of_gift(conn, merchant_id=gift.merchant_id, gift_id=gift.gift_id)
    assert found is not None
    return found.state


@dataclass(frozen=True, slots=True)
class Coffee:
    """Somebody with 500 points, and a coffee for 50 of which there are three."""

    scene: Scene
    reward: Reward

    async def stock(self, conn: Conn) -> int:
        left: int = await conn.fetchval(STOCK_SQL, self.reward.merchant_id, self.reward.reward_id)
        return left


@pytest.fixture
async def coffee(conn: Conn, now: datetime) -> Coffee:
    scene = await make_scene(conn, now=now)
    return Coffee(scene, await make_reward(conn, scene.shop, stock=3, now=now))


async def mailed_coffee(conn: Conn, coffee: Coffee, *, now: datetime) -> tuple[Gift, bytes]:
    sent = await give(conn, coffee.scene, reward_id=coffee.reward.reward_id, now=now)
    return await leave(conn, coffee.scene, sent.gift, now=now)


# ---- rewards


async def test_reward_is_paid_by_its_sender_and_becomes_a_voucher_of_whoever_claims_it(
    conn: Conn, coffee: Coffee, now: datetime
) -> None:
    scene = coffee.scene
    gift, link = await mailed_coffee(conn, coffee, now=now)
    assert (gift.kind, gift.points, gift.reward_id) == (GiftKind.REWARD, 50, coffee.reward.reward_id)
    assert await balance(conn, scene, scene.sender) == (450, 50)
    assert await coffee.stock(conn) == 2
    preview = await gifts.preview(conn, link_hash=link, now=now)
    assert preview is not None
    assert (preview.points, preview.reward) == (
        0,
        await rewards.find_reward_of_merchant(conn, merchant_id=gift.merchant_id, reward_id=coffee.reward.reward_id),
    )

    claimed = await claim(conn, link, customer_id=scene.friend, now=now)

    assert (claimed.points, claimed.gift_card_id) == (0, None)
    assert claimed.voucher_id is not None
    voucher = await rewards.find_voucher(
        conn, customer_id=scene.friend, merchant_id=gift.merchant_id, voucher_id=claimed.voucher_id, now=now
    )
    assert voucher is not None
    assert (voucher.state, voucher.points, voucher.card_id) == (VoucherState.USABLE, 0, claimed.card_id)
    assert await balance(conn, scene, scene.sender) == (450, 0)
    assert await balance(conn, scene, scene.friend) == (0, 0)
    assert await coffee.stock(conn) == 2
    assert (await read(conn, scene, gift)).status is GiftStatus.CLAIMED
    await assert_lawful(conn)


@pytest.mark.parametrize("how", ["cancelled", "returned", "declined"])
async def test_reward_that_nobody_claims_gives_back_points_and_stock(
    conn: Conn, coffee: Coffee, now: datetime, how: str
) -> None:
    gift, link = await mailed_coffee(conn, coffee, now=now)
    async with conn.transaction():
        if how == "cancelled":
            await cancel(conn, gift, now=now)
        elif how == "declined":
            await gifts.decline(conn, link_hash=link, idempotency_key=uuid4(), now=now)
        else:
            await gifts.return_due(conn, limit=10, now=gift.claimable_until)

    assert (await read(conn, coffee.scene, gift)).status.value == how.upper()
    assert await balance(conn, coffee.scene, coffee.scene.sender) == (500, 0)
    assert await coffee.stock(conn) == 3
    with pytest.raises(GiftNotClaimable):
        await claim(conn, link, customer_id=coffee.scene.friend, now=now)
    await assert_lawful(conn)


async def test_reward_that_cannot_be_had_cannot_be_given(conn: Conn, coffee: Coffee, now: datetime) -> None:
    scene = coffee.scene
    stamps = await make_reward(conn, scene.shop, cost_stamps=10, now=now)
    dear = await make_reward(conn, scene.shop, cost_points=501, now=now)
    with pytest.raises(RewardUnavailable):
        await give(conn, scene, reward_id=stamps.reward_id, now=now)
    with pytest.raises(InsufficientPoints):
        await give(conn, scene, reward_id=dear.reward_id, now=now)
    with pytest.raises(NotFound):
        await give(conn, scene, reward_id=uuid4(), now=now)
    for _ in range(3):
        await give(conn, scene, reward_id=coffee.reward.reward_id, now=now)
    with pytest.raises(RewardUnavailable):
        await give(conn, scene, reward_id=coffee.reward.reward_id, now=now)
    assert await balance(conn, scene, scene.sender) == (350, 150)
    await assert_lawful(conn)


async def test_reward_that_costs_more_than_a_gift_may_hold_is_not_given(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, points=5_000, rules=Rules(gifts=GiftRules(max_points=Points(100))), now=now)
    dear = await make_reward(conn, scene.shop, cost_points=101, now=now)
    usual = await make_reward(conn, scene.shop, cost_points=100, now=now)

    with pytest.raises(GiftLimitReached) as refused:
        await give(conn, scene, reward_id=dear.reward_id, now=now)

    assert (refused.value.phrase.code, refused.value.retry_at) == ("gift_too_large", None)
    assert await balance(conn, scene, scene.sender) == (5_000, 0)
    assert (await give(conn, scene, reward_id=usual.reward_id, now=now)).gift.points == 100


async def test_voucher_that_was_given_lapses_and_cannot_be_turned_into_points(
    conn: Conn, coffee: Coffee, now: datetime
) -> None:
    scene = coffee.scene
    gift, link = await mailed_coffee(conn, coffee, now=now)
    claimed = await claim(conn, link, customer_id=scene.friend, now=now)
    assert claimed.voucher_id is not None
    with pytest.raises(VoucherNotUsable):
        async with conn.transaction():
            await rewards.cancel(
                conn,
                customer_id=scene.friend,
                merchant_id=gift.merchant_id,
                voucher_id=claimed.voucher_id,
                idempotency_key=uuid4(),
                now=now,
            )
    async with conn.transaction():
        assert len(await lapse_vouchers(conn, limit=10, now=now + timedelta(days=400))) == 1
    assert await balance(conn, scene, scene.friend) == (0, 0)
    assert await coffee.stock(conn) == 3
    await assert_lawful(conn)


# ---- limits of money


@pytest.mark.parametrize("facts", [{}, {"points": Points(10), "value_minor": Minor(500)}, {"value_minor": Minor(99)}])
async def test_what_is_not_one_thing_or_too_little_is_said_so(conn: Conn, now: datetime, facts: dict[str, Any]) -> None:
    scene = await make_scene(conn, now=now)
    with pytest.raises(InvalidInput):
        await give(conn, scene, now=now, **facts)
    assert await conn.fetchval("SELECT count(*) FROM gift_events") == 0


async def test_money_is_bounded_a_gift_and_a_day_and_what_was_not_paid_counts_for_nothing(
    conn: Conn, now: datetime
) -> None:
    rules = Rules(gifts=GiftRules(value_max_minor=Minor(60_000), value_per_day_minor=Minor(100_000)))
    scene = await make_scene(conn, rules=rules, now=now)
    with pytest.raises(GiftLimitReached) as too_large:
        await give(conn, scene, value_minor=60_001, now=now)
    assert (too_large.value.phrase.code, too_large.value.retry_at) == ("gift_value_too_large", None)
    unpaid = await give(conn, scene, value_minor=60_000, now=now)
    with pytest.raises(GiftLimitReached) as too_much:
        await give(conn, scene, value_minor=60_000, now=now + timedelta(hours=1))
    assert too_much.value.phrase.code == "gift_value_per_day"
    assert too_much.value.retry_at == now + timedelta(hours=24)
    await give(conn, scene, value_minor=40_000, now=now + timedelta(hours=1))
    # when the first is not paid after all
    assert unpaid.payment is not None
    async with conn.transaction():
        await paying.hear(
            conn,
            merchant_id=unpaid.gift.merchant_id,
            payment_id=unpaid.payment.payment_id,
            seen=Seen(SeenState.FAILED),
            told=Told(Source.API),
            mint=mint,
            now=now,
        )
    await give(conn, scene, value_minor=60_000, now=now + timedelta(hours=2))


async def test_where_nobody_takes_money_none_is_sent(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    with pytest.raises(GiftLimitReached) as refused:
        await give(conn, scene, value_minor=VALUE, provider=None, now=now)
    assert refused.value.phrase.code == "value_gifts_not_offered"
    assert await conn.fetchval("SELECT count(*) FROM gifts") == 0


async def test_first_large_gift_waits_a_day_from_its_payment_and_the_next_does_not(conn: Conn, now: datetime) -> None:
    rules = Rules(gifts=GiftRules(value_hold_minor=Minor(10_000), per_day=100))
    scene = await make_scene(conn, rules=rules, now=now)
    sent, paid_at = await give(conn, scene, value_minor=VALUE, now=now), now + timedelta(hours=3)
    await pay(conn, sent, now=paid_at)
    gift = await read(conn, scene, sent.gift)
    assert (gift.status, gift.held_until) == (GiftStatus.SCHEDULED, paid_at + timedelta(hours=24))
    assert await conn.fetchval(RUN_AT_SQL) == paid_at + timedelta(hours=24)
    # when it is sent again, or another day is chosen, then it is held all the same
    await resend(conn, gift, to="other@example.com", now=paid_at)
    assert await conn.fetchval(RUN_AT_SQL) == paid_at + timedelta(hours=24)
    async with conn.transaction():
        await gifts.reschedule(
            conn,
            customer_id=scene.sender,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            deliver_at=paid_at + timedelta(hours=1),
            idempotency_key=uuid4(),
            now=paid_at,
        )
    assert await conn.fetchval(RUN_AT_SQL) == paid_at + timedelta(hours=24)
    # then, a day later, the card is known
    soon = await give(conn, scene, value_minor=VALUE, now=paid_at + timedelta(hours=23))
    later = await give(conn, scene, value_minor=VALUE, now=paid_at + timedelta(hours=24))
    assert soon.gift.held_until is not None
    assert later.gift.held_until is None
    await assert_lawful(conn)


async def test_much_money_opens_for_the_mailbox_alone_and_the_refusal_is_like_any_other(
    conn: Conn, now: datetime
) -> None:
    rules = Rules(gifts=GiftRules(value_mailbox_minor=Minor(10_000)))
    scene = await make_scene(conn, rules=rules, now=now)
    _, link = await mailed_value(conn, scene, now=now)
    stranger = await make_customer(conn, email="stranger@example.com", now=now)
    unconfirmed = await make_customer(conn, now=now)
    await conn.execute("UPDATE customers SET confirmed_at = NULL WHERE customer_id = $1", unconfirmed)
    for somebody in (stranger, unconfirmed, scene.sender):
        with pytest.raises(GiftNotClaimable):
            await claim(conn, link, customer_id=somebody, now=now)
    assert await card_of(conn, scene, stranger) is None
    claimed = await claim(conn, link, customer_id=scene.friend, now=now)
    assert claimed.gift_card_id is not None
    await assert_lawful(conn)


# ---- what the two do besides


async def test_money_of_a_disputed_payment_opens_for_nobody(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed_value(conn, scene, now=now)
    await conn.execute("UPDATE gift_cards SET state = 'BLOCKED' WHERE gift_id = $1", gift.gift_id)
    assert await gifts.preview(conn, link_hash=link, now=now) is None
    with pytest.raises(GiftNotClaimable):
        await claim(conn, link, customer_id=scene.friend, now=now)


async def test_seen_by_a_person_once(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed(conn, scene, now=now)
    for _ in range(3):
        async with conn.transaction():
            await gifts.mark_viewed(conn, link_hash=link, now=now)
    async with conn.transaction():
        assert await gifts.mark_viewed(conn, link_hash=token_bytes(32), now=now) is None
    assert (await read(conn, scene, gift)).status is GiftStatus.VIEWED
    assert await events_of(conn, gift) == ["CREATED", "SENT", "VIEWED"]
    await claim(conn, link, customer_id=scene.friend, now=now)
    assert await gifts.mark_viewed(conn, link_hash=link, now=now) is None
    assert (await read(conn, scene, gift)).status is GiftStatus.CLAIMED


async def thank(
    conn: Conn, gift: Gift, customer_id: CustomerId, message: str, key: UUID, now: datetime
) -> gifts.Thanked:
    async with conn.transaction():
        return await gifts.thank(
            conn,
            customer_id=customer_id,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            message=message,
            idempotency_key=key,
            now=now,
        )


async def test_thanks_come_from_whoever_claimed_it_once_and_without_links(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed(conn, scene, now=now)
    key = uuid4()
    with pytest.raises(NotFound):
        await thank(conn, gift, scene.friend, "Thank you!", key, now)
    await claim(conn, link, customer_id=scene.friend, now=now)
    for wrong in ("", "see https://example.com", "x" * 281):
        with pytest.raises(InvalidInput):
            await thank(conn, gift, scene.friend, wrong, uuid4(), now)
    done = await thank(conn, gift, scene.friend, "Thank you!", key, now)
    again = await thank(conn, gift, scene.friend, "Thank you!", key, now)
    assert (done.replayed, again.replayed, again.gift) == (False, True, done.gift)
    assert (done.gift.received, done.gift.recipient_email) == (True, FRIEND)
    with pytest.raises(IdempotencyKeyReused):
        await thank(conn, gift, scene.friend, "Thanks!", key, now)
    with pytest.raises(InvalidInput):
        await thank(conn, gift, scene.friend, "Thanks!", uuid4(), now)
    with pytest.raises(NotFound):
        await thank(conn, gift, scene.sender, "Thanks!", uuid4(), now)
    assert (await read(conn, scene, gift)).thanks == "Thank you!"
    page = await gifts.received_by(conn, customer_id=scene.friend, first=5, after=None)
    assert [each.gift_id for each in page.gifts] == [gift.gift_id]


async def test_another_moment_can_be_chosen_until_the_mail_leaves(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    tomorrow, later = now + timedelta(days=1), now + timedelta(days=3)
    gift = (await give(conn, scene, points=Points(10), deliver_at=tomorrow, now=now)).gift

    async def move(to: datetime, key: UUID) -> gifts.Rescheduled:
        async with conn.transaction():
            return await gifts.reschedule(
                conn,
                customer_id=scene.sender,
                merchant_id=gift.merchant_id,
                gift_id=gift.gift_id,
                deliver_at=to,
                idempotency_key=key,
                now=now,
            )

    key = uuid4()
    moved = await move(later, key)
    assert (moved.gift.deliver_at, moved.gift.claimable_until) == (later, later + timedelta(days=30))
    assert (await move(later, key)).replayed
    with pytest.raises(IdempotencyKeyReused):
        await move(tomorrow, key)
    with pytest.raises(InvalidInput):
        await move(now - timedelta(days=1), uuid4())
    # then the job of the first moment does nothing, and the other mails it
    assert (await prepare(conn, gift, delivery=1, now=tomorrow))[1] is None
    assert (await prepare(conn, gift, delivery=2, now=later))[1] is not None
    with pytest.raises(GiftNotOpen):
        await move(later, uuid4())


async def test_address_of_a_gift_that_waits_for_its_money_can_be_corrected_and_nothing_is_mailed(
    conn: Conn, now: datetime
) -> None:
    scene = await make_scene(conn, now=now)
    sent = await give(conn, scene, value_minor=VALUE, now=now)
    await resend(conn, sent.gift, to="right@example.com", now=now)
    gift = await read(conn, scene, sent.gift)
    assert (gift.status, gift.recipient_email) == (GiftStatus.AWAITING_PAYMENT, "right@example.com")
    assert await conn.fetchval(RUN_AT_SQL) is None
    await assert_lawful(conn)


async def test_what_is_left_of_the_money_is_what_the_sender_sees(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed_value(conn, scene, now=now)
    await claim(conn, link, customer_id=scene.friend, now=now)
    for left, status in ((VALUE - 100, GiftStatus.CLAIMED), (0, GiftStatus.SPENT)):
        await conn.execute("UPDATE gift_cards SET balance_minor = $2 WHERE gift_id = $1", gift.gift_id, left)
        shown = await read(conn, scene, gift)
        assert shown.spent is not None
        assert (shown.status, shown.spent.amount_minor) == (status, VALUE - left)
        assert shown.claimed_at == now
    told = await events.of_gifts(conn, gifts=[(gift.merchant_id, gift.gift_id)])
    assert [event.kind for event in told[gift.gift_id]] == ["CREATED", "PAID", "SENT", "CLAIMED", "SPENT"]


async def test_money_that_waits_for_somebody_never_lapses_and_lives_from_the_claim_on(
    conn: Conn, now: datetime
) -> None:
    # given a gift for a day that is further away than money lives on a gift card
    scene = await make_scene(conn, rules=Rules(gifts=GiftRules(validity_months=12, return_days=30)), now=now)
    ahead = now + timedelta(days=366)
    sent = await give(conn, scene, value_minor=VALUE, deliver_at=ahead, now=now)
    await pay(conn, sent, now=now)
    # when it is claimed in the last days, by when everything that was due is done
    gift, link = await leave(conn, scene, sent.gift, now=ahead)
    claimed_at = ahead + timedelta(days=29)
    assert await stored.cards_due(conn, limit=10, now=claimed_at) == []
    await claim(conn, link, customer_id=scene.friend, now=claimed_at)
    # then all of it is there, for as long as money that is sold on that day
    row = await conn.fetchrow(OWNER_SQL, gift.gift_id)
    assert row is not None
    assert tuple(row[at] for at in range(3)) == (scene.friend, "ACTIVE", VALUE)
    until = await conn.fetchval("SELECT expires_at FROM gift_cards WHERE gift_id = $1", gift.gift_id)
    assert until == await stored.expires_at(
        conn, merchant_id=gift.merchant_id, program_id=gift.program_id, now=claimed_at
    )
    assert until >= claimed_at + timedelta(days=365)
    await assert_lawful(conn)


# ---- races, by name


@pytest.mark.parametrize("kind", ["value", "reward"])
@pytest.mark.parametrize("first", ["claim", "cancel", "return", "decline"])
async def test_of_a_claim_and_an_end_the_first_wins(
    pool: Pool, conn: Conn, coffee: Coffee, now: datetime, kind: str, first: str
) -> None:
    scene = coffee.scene
    gift, link = await (
        mailed_coffee(conn, coffee, now=now) if kind == "reward" else mailed_value(conn, scene, now=now)
    )
    key = uuid4()

    async def declining(one: Conn) -> object:
        return await gifts.decline(one, link_hash=link, idempotency_key=key, now=now)

    claims = claiming(link, scene.friend, now)
    if first == "claim":
        lost = await second_waits_for_first(pool, claims, cancelling(gift, now))
        assert isinstance(lost, GiftNotOpen)
    else:
        ends = {"cancel": cancelling(gift, now), "return": returning(gift.claimable_until), "decline": declining}
        lost = await second_waits_for_first(pool, ends[first], claims)
        assert isinstance(lost, GiftNotClaimable)
    if kind == "value":
        row = await conn.fetchrow(OWNER_SQL, gift.gift_id)
        assert row is not None
        won = (scene.friend, "ACTIVE", VALUE) if first == "claim" else (None, "DEACTIVATED", 0)
        assert (row["owner_customer_id"], row["state"], row["balance_minor"]) == won
        assert await payment_state(conn, gift) is (PaymentState.PAID if first == "claim" else PaymentState.REFUNDING)
    else:
        assert await coffee.stock(conn) == (2 if first == "claim" else 3)
        assert await balance(conn, scene, scene.sender) == ((450, 0) if first == "claim" else (500, 0))
    await assert_lawful(conn)


@pytest.mark.parametrize("kind", ["value", "reward"])
async def test_of_two_claims_the_first_has_it(pool: Pool, conn: Conn, coffee: Coffee, now: datetime, kind: str) -> None:
    scene = coffee.scene
    _, link = await (mailed_coffee(conn, coffee, now=now) if kind == "reward" else mailed_value(conn, scene, now=now))
    stranger = await make_customer(conn, now=now)
    lost = await second_waits_for_first(pool, claiming(link, scene.friend, now), claiming(link, stranger, now))
    assert isinstance(lost, GiftNotClaimable)
    assert await card_of(conn, scene, stranger) is None
    await assert_lawful(conn)
