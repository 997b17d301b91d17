"""`regulars reward`: what the members of a program can buy with points or stamps."""

from datetime import datetime
from uuid import UUID

from cyclopts import App

from infra.cli.app import answer, opened
from infra.cli.merchants import in_utc, program_of
from wallet import rewards
from wallet.rewards import NewReward, Reward
from wallet.values import Minor, Points, RewardKind, StoreId

reward = App(name="reward", help="What members can buy with points or stamps.")


@reward.command(name="add")
async def add_reward(
    *,
    program: str,
    slug: str,
    name: str,
    kind: RewardKind,
    description: str | None = None,
    amount_minor: int | None = None,
    percent: int | None = None,
    ceiling_minor: int | None = None,
    category: tuple[str, ...] = (),
    sku: tuple[str, ...] = (),
    cost_points: int | None = None,
    cost_stamps: int | None = None,
    stock: int | None = None,
    per_member: int | None = None,
    tier: tuple[str, ...] = (),
    store: tuple[UUID, ...] = (),
    claimable_from: datetime | None = None,
    claimable_until: datetime | None = None,
    voucher_days: int = 90,
    json: bool = False,
) -> None:
    """Add a reward to a program (by its slug). What it costs and gives never changes: end it, and add another.

    Parameters
    ----------
    kind
        An amount off, a percentage off, one item free, or a perk: something that no line of a receipt stands for.
    amount_minor
        How much an amount-off takes off, in paise or cents.
    percent
        How much a percent-off takes off, 1 to 100.
    ceiling_minor
        The most that it takes off, in paise or cents.
    category
        Only lines of this category; may be given several times, as --sku, --tier and --store may.
    cost_points
        Its price in points. It has one in points or one in stamps.
    stock
        How many there are. Without it there is no end to them.
    per_member
        How many one member may have.
    voucher_days
        For how long a voucher is good once it is claimed.
    """
    new = NewReward(
        slug=slug,
        name=name,
        kind=kind,
        description=description,
        amount_minor=None if amount_minor is None else Minor(amount_minor),
        percent=percent,
        ceiling_minor=None if ceiling_minor is None else Minor(ceiling_minor),
        categories=category,
        skus=sku,
        cost_points=None if cost_points is None else Points(cost_points),
        cost_stamps=cost_stamps,
        stock=stock,
        per_member=per_member,
        tiers=tier,
        stores=[StoreId(each) for each in store],
        claimable_from=in_utc(claimable_from) if claimable_from else None,
        claimable_until=in_utc(claimable_until) if claimable_until else None,
        voucher_days=voucher_days,
    )
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        found = await program_of(conn, program, clock())
        made = await rewards.create(
            conn, merchant_id=found.merchant_id, program_id=found.program_id, new=new, now=clock()
        )
    answer({"rewardId": made.reward_id, "slug": made.slug}, as_json=json)


@reward.command(name="list")
async def list_rewards(*, program: str, json: bool = False) -> None:
    """List all rewards that a program (by its slug) has or had: the slug, the price, how many are left, until when."""
    async with opened() as (_, pool, clock), pool.acquire() as conn:
        found = await program_of(conn, program, clock())
        made = await rewards.of_program(conn, merchant_id=found.merchant_id, program_id=found.program_id)
    if json or made:
        answer({each.slug: _said(each) if json else _line(each) for each in made}, as_json=json)


@reward.command(name="end")
async def end_reward(*, program: str, slug: str, at: datetime | None = None, json: bool = False) -> None:
    """Let nobody get a reward any more, from now or from a later moment on. Vouchers that are out stay good."""
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        now = clock()
        found = await program_of(conn, program, now)
        ended = await rewards.end(
            conn,
            merchant_id=found.merchant_id,
            program_id=found.program_id,
            slug=slug,
            at=in_utc(at) if at else now,
            now=now,
        )
    answer({"slug": ended.slug, "claimableUntil": ended.claimable_until}, as_json=json)


def _line(each: Reward) -> str:
    price = f"{each.cost_points} points" if each.cost_points is not None else f"{each.cost_stamps} stamps"
    left = "no end" if each.stock is None else f"{each.stock} left"
    until = each.claimable_until.isoformat() if each.claimable_until else "open"
    return f"{each.name}; {each.kind}; {price}; {left}; from {each.claimable_from.isoformat()}; until {until}"


def _said(each: Reward) -> dict[str, str | int | None]:
    return {
        "rewardId": str(each.reward_id),
        "name": each.name,
        "kind": each.kind.value,
        "costPoints": each.cost_points,
        "costStamps": each.cost_stamps,
        "stock": each.stock,
        "claimableFrom": each.claimable_from.isoformat(),
        "claimableUntil": each.claimable_until.isoformat() if each.claimable_until else None,
    }
