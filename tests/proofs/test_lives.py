"""Whole lives of a wallet: whatever happens in what order, the laws hold after every step, and the audit after all."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from infra.pool import create_pool
from tests.database import Database
from tests.proofs.lives.living import Act, Tally, live
from tests.proofs.lives.world import Life
from wallet import ledger, payments
from wallet.database import Conn
from wallet.ledger import LockedCard, Posted
from wallet.ledger.value import LockedGiftCard, PostedActivity
from wallet.rewards import closing
from wallet.values import Minor

STEPS = 50
LIVES = 40
SOAK_LIVES = 10_000

BY_HAND = ("SET LOCAL ROLE NONE", "SET LOCAL session_replication_role = replica")
BACK = ("SET LOCAL session_replication_role = origin", "SET LOCAL ROLE regulars_app")

SPOILERS = {
    "a point from nowhere": "UPDATE accounts SET balance = balance + 1 WHERE kind = 'active'",
    "a point less in a lot": "UPDATE lots SET remaining = remaining - 1 WHERE remaining > 0",
    "an entry that says more": "UPDATE entries SET points = points + 1 WHERE seq = 1",
    "an entry of another day": "UPDATE entries SET occurred_at = occurred_at - INTERVAL '1 day' WHERE seq = 2",
    "a reward that was not there": "UPDATE rewards SET stock = stock + 1",
    "a stamp from nowhere": "UPDATE cards SET stamps = stamps + 1",
    "a sale that keeps more": "UPDATE sales SET kept_points = kept_points + 1",
    "a voucher that costs less": "UPDATE vouchers SET points = points - 1 WHERE points > 0",
    "a voucher that opens itself": "UPDATE vouchers SET state = 'USABLE', used_sale_id = NULL, used_at = NULL, "
    "closed_at = NULL WHERE state = 'CANCELLED'",
    "money from nowhere": "UPDATE gift_cards SET balance_minor = balance_minor + 1 WHERE balance_minor > 0",
    "an activity that says more": "UPDATE gift_card_activities SET amount_minor = amount_minor + 1 WHERE seq = 1",
    "money that the bank never took": "UPDATE builtin_payments SET state = 'OPEN', decided_at = NULL "
    "WHERE state = 'PAID' AND refunded_minor = 0",
    "a gift that opens itself": "UPDATE gifts SET status = 'SENT', closed_at = NULL WHERE status = 'CANCELLED'",
}


async def lived(database: Database, *, lives: int, spoil: Act | None = None) -> Tally:
    pool, tally = await create_pool(database.superuser_dsn if spoil else database.dsn, max_size=1), Tally()
    try:
        async with pool.acquire() as conn:
            for seed in range(lives):
                await live(conn, seed, steps=STEPS, tally=tally, spoil=spoil)
    finally:
        await pool.close()
    return tally


async def test_every_life_is_lawful_at_every_step(database: Database) -> None:
    tally = await lived(database, lives=LIVES)
    assert (tally.lives, tally.steps) == (LIVES, LIVES * STEPS)
    # and it was no quiet life: everything was done, most of what can be refused was, and nothing that cannot be
    assert set(tally.done) == {
        *("join", "claim", "cancel", "give", "mail_gift", "claim_gift", "cancel_gift", "scan", "quote", "sell"),
        *("sell_as_quoted", "settle", "refund", "undo", "enrol", "review", "revise", "hours_pass", "days_pass"),
        *("decline_gift", "mend_gift", "give_money", "give_reward", "pay", "hear", "look", "move", "decide"),
        "asked again",
    }
    assert {"InsufficientPoints", "RewardUnavailable", "QuoteChanged", "VoucherNotUsable"} <= set(tally.refused)
    assert {"GiftCardNotUsable", "InsufficientValue", "GiftNotClaimable"} <= set(tally.refused)
    assert set(tally.moved) >= {
        *("ACTIVATE", "LOAD", "REDEEM", "REFUND", "ADJUST", "TRANSFER_OUT", "TRANSFER_IN", "BLOCK", "UNBLOCK"),
        *("DEACTIVATE", "EXPIRE", "VALUE CLAIMED", "VALUE CANCELLED", "VALUE RETURNED"),
        *("REWARD CLAIMED", "REWARD RETURNED"),
    }


@pytest.mark.soak
async def test_thousands_of_lives_are_lawful_at_every_step(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = await lived(database, lives=SOAK_LIVES)
    with capsys.disabled():
        print(f"\nwhole lives: {tally}", flush=True)  # noqa: T201


@pytest.mark.parametrize("sql", SPOILERS.values(), ids=SPOILERS)
async def test_a_law_that_was_broken_by_hand_is_found(database: Database, sql: str) -> None:
    async def spoil(life: Life) -> None:
        for each in (*BY_HAND, sql, *BACK):
            await life.conn.execute(each)

    with pytest.raises((AssertionError, asyncpg.CheckViolationError)):
        await lived(database, lives=20, spoil=spoil)


async def test_a_wallet_that_earns_a_point_too_many_is_found(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    earn = ledger.earn

    async def more(conn: Conn, card: LockedCard, **facts: Any) -> Posted:
        return await earn(conn, card, **{**facts, "points": facts["points"] + (facts["cause"].sale_id is not None)})

    monkeypatch.setattr(ledger, "earn", more)
    with pytest.raises(AssertionError, match=r"points more were told of|then sell_as_quoted"):
        await lived(database, lives=8)


async def test_a_till_that_takes_a_unit_less_than_it_says_is_found(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    redeem_all = ledger.value.redeem_all

    async def less(conn: Conn, spent: Sequence[tuple[LockedGiftCard, Minor]], **facts: Any) -> list[PostedActivity]:
        return await redeem_all(conn, [(card, Minor(max(amount - 1, 1))) for card, amount in spent], **facts)

    monkeypatch.setattr(ledger.value, "redeem_all", less)
    with pytest.raises(AssertionError, match="of money was told of"):
        await lived(database, lives=8)


async def test_money_that_is_never_paid_back_is_found(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forget(_conn: Conn, **_facts: Any) -> bool:
        return False

    monkeypatch.setattr(payments, "begin_refund", forget)
    with pytest.raises(AssertionError, match="the bank's books say the same as ours"):
        await lived(database, lives=20)


async def test_a_shelf_that_is_never_filled_up_again_is_found(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forget(_conn: Conn, **_facts: Any) -> None:
        return

    monkeypatch.setattr(closing, "put_back_stock", forget)
    with pytest.raises(AssertionError, match="no reward is lost or made"):
        await lived(database, lives=60)
