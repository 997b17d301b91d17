"""A life, step by step, each of them judged; it is told by its seed alone."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter

from tests.proofs.lives import counter, members, merchant, money, stored
from tests.proofs.lives.laws import conserved
from tests.proofs.lives.world import Life, begin
from wallet import audit
from wallet.database import Conn
from wallet.errors import InvalidInput, Refusal
from wallet.values import SaleId

Act = Callable[[Life], Awaitable[None]]

ACTS: dict[Act, int] = {
    members.join: 2,
    members.claim: 8,
    members.cancel: 4,
    members.give: 5,
    members.mail_gift: 5,
    members.claim_gift: 7,
    members.cancel_gift: 3,
    members.decline_gift: 3,
    members.mend_gift: 2,
    money.give_money: 6,
    money.give_reward: 3,
    money.pay: 7,
    money.hear: 6,
    money.look: 4,
    stored.move: 4,
    stored.decide: 4,
    counter.scan: 8,
    counter.quote: 8,
    counter.sell: 14,
    counter.sell_as_quoted: 14,
    counter.settle: 5,
    counter.refund: 14,
    counter.undo: 4,
    counter.enrol: 3,
    merchant.review: 6,
    merchant.revise: 2,
    merchant.hours_pass: 8,
    merchant.days_pass: 6,
}
"""What may happen, and how often beside the others."""

SPENDING = {
    *("NotFound", "RedeemCodeNeeded", "RewardUnavailable", "VoucherNotUsable", "InsufficientPoints"),
    *("GiftCardNotUsable", "InsufficientValue", "InvalidInput"),
}
"""NotFound: a visit that is over, or somebody else's gift card. InvalidInput: a gift card that has nothing to pay."""

OLD_CODE = {"CodeAlreadyUsed", "CodeExpired", "CodeInvalid"}
"""CodeInvalid: what was over long ago has been forgotten."""

MAY: dict[Act, set[str]] = {
    members.claim: {"InsufficientPoints", "RewardUnavailable"},
    members.cancel: {"VoucherNotUsable"},
    members.give: {"InsufficientPoints", "GiftLimitReached"},
    members.claim_gift: {"GiftNotClaimable", "InsufficientPoints", "GiftLimitReached"},
    members.cancel_gift: {"GiftNotOpen"},
    members.decline_gift: {"GiftNotClaimable"},
    members.mend_gift: {"GiftNotOpen", "TooManyAttempts"},
    money.give_money: {"GiftLimitReached"},
    money.give_reward: {"InsufficientPoints", "RewardUnavailable", "GiftLimitReached"},
    stored.move: {"NotFound", "InvalidInput", "GiftCardNotUsable", "InsufficientValue"},
    stored.decide: {"GiftCardNotUsable", "InsufficientValue"},
    counter.scan: OLD_CODE,
    counter.quote: SPENDING,
    counter.sell: SPENDING,
    counter.sell_as_quoted: SPENDING | OLD_CODE | {"QuoteChanged"},
    counter.settle: {"CodeExpired", "CodeInvalid", "InvalidInput"},
    counter.refund: {"LineAlreadyRefunded", "InvalidInput"},
    merchant.review: {"InvalidInput"},
}
"""How each may be refused; what is not named never is."""

AGAIN = 0.25
"""How often something is asked for again, of all steps."""

KEPT_SQL = """
    SELECT COALESCE(SUM(kept_points), 0)::bigint AS points, COALESCE(SUM(kept_minor), 0)::bigint AS minor,
           COUNT(*) FILTER (WHERE NOT wholly_returned) AS sales,
           (SELECT COUNT(*) FROM vouchers
            WHERE merchant_id = $1 AND state = 'USED' AND used_sale_id <> ALL($2::uuid[])) AS used
    FROM sales
    WHERE merchant_id = $1 AND sale_id <> ALL($2::uuid[])
"""


MOVED_SQL = """
    SELECT kind AS what FROM gift_card_activities WHERE merchant_id = $1
    UNION ALL
    SELECT kind || ' ' || status FROM gifts WHERE merchant_id = $1 AND kind <> 'POINTS'
"""


class Undone(Exception):
    """Nothing of a life stays."""


@dataclass
class Tally:
    """What happened in all lives."""

    lives: int = 0
    steps: int = 0
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    moved: Counter[str] = field(default_factory=Counter)
    """What happened on gift cards, and how gifts of money and of rewards ended."""
    began: float = field(default_factory=perf_counter)

    def __str__(self) -> str:
        seconds = perf_counter() - self.began
        done = ", ".join(f"{count:,} {name}" for name, count in self.done.most_common())
        refused = ", ".join(f"{count:,} {name}" for name, count in self.refused.most_common())
        moved = ", ".join(f"{count:,} {name}" for name, count in self.moved.most_common())
        return (
            f"{self.lives:,} lives, {self.steps:,} steps, {seconds:.0f} s, {self.steps / seconds:,.0f} steps a second;"
            f" every audit clean\n  done: {done}\n  refused: {refused}\n  money value: {moved}"
        )


async def live(conn: Conn, seed: int, *, steps: int, tally: Tally, spoil: Act | None = None) -> None:
    """One life from its beginning to an audit of all that it left; then nothing of it stays.

    `spoil` is done once in the middle: what ought to be found.
    """
    try:
        async with conn.transaction():
            life, told = await begin(conn, seed), list[str]()
            try:
                for step in range(steps):
                    if spoil and step == steps // 2:
                        await spoil(life)
                    told.append(await act(life, tally))
                if life.chance(0.3):
                    await bring_everything_back(life)
                await money.rest(life)
                await assert_lawful(conn)
                tally.moved.update([row["what"] for row in await conn.fetch(MOVED_SQL, life.shop.merchant_id)])
            except Exception as trouble:
                trouble.add_note(f"life {seed}: {', '.join(told)}")
                raise
            tally.lives += 1
            tally.steps += steps
            raise Undone
    except Undone:
        pass


async def act(life: Life, tally: Tally) -> str:
    """Something happens, or is refused; and perhaps something that was done is asked for again."""
    [chosen] = life.rng.choices(list(ACTS), weights=list(ACTS.values()))
    before = await life.bench.standing(life.conn)
    life.told, life.told_minor, name, kept = 0, 0, chosen.__name__, life.kept()
    try:
        async with life.conn.transaction():
            await chosen(life)
    except Refusal as refusal:
        refused = type(refusal).__name__
        if refused not in MAY.get(chosen, ()):
            raise AssertionError(f"{name} was refused: {refused}") from refusal
        tally.refused[refused] += 1
        life.forget(kept)
        return f"{name}: {refused}"
    except Exception as trouble:
        trouble.add_note(f"then {name}")
        raise
    try:
        conserved(before, await life.bench.standing(life.conn), told=life.told, told_minor=life.told_minor)
    except AssertionError as broken:
        broken.add_note(f"then {name}")
        raise
    tally.done[name] += 1
    if life.again and life.chance(AGAIN):
        await ask_again(life)
        tally.done["asked again"] += 1
    return name


async def ask_again(life: Life) -> None:
    """The same key has the same answer, and nothing is done but what time has done."""
    asked, before = life.rng.choice(life.again), await life.bench.standing(life.conn)
    answer = await asked.ask()
    assert asked.what(answer) == asked.answer
    assert getattr(answer, "replayed", True)
    conserved(before, await life.bench.standing(life.conn), told=0)


async def bring_everything_back(life: Life) -> None:
    """All goods come back: no sale keeps anything, and no reward is used any more. But sales of gift cards of which
    something was spent, or that are not what they were, do not.
    """
    left = list[SaleId]()
    for at, sale_id in reversed(life.sold):
        if await life.conn.fetch(counter.LEFT_SQL, sale_id):
            life.told, life.told_minor, before = 0, 0, await life.bench.standing(life.conn)
            try:
                async with life.conn.transaction():
                    await counter.bring_back(life, at, sale_id)
            except InvalidInput as refusal:
                if [problem.phrase.code for problem in refusal.problems] != ["sold_gift_card_spent"]:
                    raise
                left.append(sale_id)
                continue
            conserved(before, await life.bench.standing(life.conn), told=life.told, told_minor=life.told_minor)
    kept = await life.conn.fetchrow(KEPT_SQL, life.shop.merchant_id, left)
    assert kept is not None
    assert (kept["points"], kept["minor"], kept["sales"], kept["used"]) == (0, 0, 0, 0)


async def assert_lawful(conn: Conn) -> None:
    async for verdict in audit.verdicts(conn):
        assert verdict.broken == (), verdict.law
