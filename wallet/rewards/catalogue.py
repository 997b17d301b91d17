"""A program's rewards: put into its catalogue, listed, and ended by a date. What one costs and gives never changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet.baskets import TEXT_MAX, text_problems
from wallet.database import Conn
from wallet.errors import InvalidInput, NotFound, Problem
from wallet.programs import SLUG
from wallet.rewards.reward import Reward, from_row
from wallet.values import MINOR_MAX, MerchantId, Minor, Phrase, Points, ProgramId, RewardKind, StoreId

NAME_MAX = 80
DESCRIPTION_MAX = 280
TIER_MAX = 40
PERCENT_MAX = 100
POINTS_MAX = 1_000_000_000
STAMPS_MAX = 1_000
COUNT_MAX = 1_000_000_000
VOUCHER_DAYS_MAX = 730
CATEGORIES_MAX, SKUS_MAX, TIERS_MAX, STORES_MAX = 50, 200, 10, 200

KNOWN_SQL = """
    SELECT EXISTS (SELECT FROM programs WHERE merchant_id = $1 AND program_id = $2) AS program,
           ARRAY(SELECT store_id FROM stores WHERE merchant_id = $1 AND store_id = ANY($3::uuid[])) AS stores
"""

INSERT_REWARD_SQL = """
    INSERT INTO rewards (merchant_id, program_id, slug, name, description, kind, amount_minor, percent, ceiling_minor,
                         categories, skus, cost_points, cost_stamps, stock, per_member, tiers, store_ids,
                         claimable_from, claimable_until, voucher_days, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
    ON CONFLICT (merchant_id, program_id, slug) DO NOTHING
    RETURNING merchant_id, reward_id, program_id, slug, name, description, kind, amount_minor, percent, ceiling_minor,
              categories, skus, cost_points, cost_stamps, stock, per_member, tiers, store_ids, claimable_from,
              claimable_until, voucher_days
"""

REWARDS_OF_PROGRAM_SQL = """
    SELECT merchant_id, reward_id, program_id, slug, name, description, kind, amount_minor, percent, ceiling_minor,
           categories, skus, cost_points, cost_stamps, stock, per_member, tiers, store_ids, claimable_from,
           claimable_until, voucher_days
    FROM rewards
    WHERE merchant_id = $1 AND program_id = $2
    ORDER BY created_at, reward_id
"""

END_REWARD_SQL = """
    UPDATE rewards
    SET claimable_until = GREATEST($4, claimable_from)
    WHERE merchant_id = $1 AND program_id = $2 AND slug = $3 AND (claimable_until IS NULL OR claimable_until > $5)
    RETURNING merchant_id, reward_id, program_id, slug, name, description, kind, amount_minor, percent, ceiling_minor,
              categories, skus, cost_points, cost_stamps, stock, per_member, tiers, store_ids, claimable_from,
              claimable_until, voucher_days
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReward:
    """What a merchant says of a reward, before anything is believed of it. Fields as of Reward."""

    slug: str
    name: str
    kind: RewardKind
    description: str | None = None
    amount_minor: Minor | None = None
    percent: int | None = None
    ceiling_minor: Minor | None = None
    categories: Sequence[str] = ()
    skus: Sequence[str] = ()
    cost_points: Points | None = None
    cost_stamps: int | None = None
    stock: int | None = None
    per_member: int | None = None
    tiers: Sequence[str] = ()
    stores: Sequence[StoreId] = ()
    claimable_from: datetime | None = None
    """From now on, if left out."""
    claimable_until: datetime | None = None
    voucher_days: int = 90


async def create(
    conn: Conn, *, merchant_id: MerchantId, program_id: ProgramId, new: NewReward, now: datetime
) -> Reward:
    """The program has one more reward, for members to claim from `claimable_from` on.

    Raises InvalidInput with one problem a field (also where the slug is taken in the program, or a store is not the
    merchant's), NotFound for a program that is not the merchant's.
    """
    begins = new.claimable_from or now
    if problems := problems_of(new, now=now):
        raise InvalidInput(problems)
    known = await conn.fetchrow(KNOWN_SQL, merchant_id, program_id, list(new.stores))
    assert known is not None, "a SELECT without FROM has one row"
    if not known["program"]:
        raise NotFound
    if set(new.stores) - set(known["stores"]):
        raise InvalidInput.of("stores", "unknown_store")
    row = await conn.fetchrow(
        INSERT_REWARD_SQL,
        merchant_id,
        program_id,
        new.slug,
        new.name,
        new.description,
        new.kind.value,
        new.amount_minor,
        new.percent,
        new.ceiling_minor,
        list(new.categories),
        list(new.skus),
        new.cost_points,
        new.cost_stamps,
        new.stock,
        new.per_member,
        list(new.tiers),
        list(new.stores),
        begins,
        new.claimable_until,
        new.voucher_days,
        now,
    )
    if row is None:
        raise InvalidInput.of("slug", "reward_slug_taken")
    return from_row(row)


async def of_program(conn: Conn, *, merchant_id: MerchantId, program_id: ProgramId) -> list[Reward]:
    """All rewards that the program ever had, the first made first."""
    return [from_row(row) for row in await conn.fetch(REWARDS_OF_PROGRAM_SQL, merchant_id, program_id)]


async def end(
    conn: Conn, *, merchant_id: MerchantId, program_id: ProgramId, slug: str, at: datetime, now: datetime
) -> Reward:
    """Nobody can get the reward from `at` on; one that would begin later only never begins. Vouchers stay good.

    Raises InvalidInput for a moment that is past, NotFound for a reward that does not exist or is over already.
    """
    if at < now:
        raise InvalidInput.of("at", "in_past")
    row = await conn.fetchrow(END_REWARD_SQL, merchant_id, program_id, slug, at, now)
    if row is None:
        raise NotFound
    return from_row(row)


def problems_of(new: NewReward, *, now: datetime) -> list[Problem]:
    """All that is wrong with what a merchant says of a reward; nothing, if it can be made."""
    return [
        *([] if SLUG.fullmatch(new.slug) else [Problem("slug", Phrase("slug_form"))]),
        *text_problems("name", new.name, most=NAME_MAX),
        *text_problems("description", new.description, most=DESCRIPTION_MAX),
        *_gain_problems(new),
        *_list_problems("categories", new.categories, most=CATEGORIES_MAX, longest=TEXT_MAX),
        *_list_problems("skus", new.skus, most=SKUS_MAX, longest=TEXT_MAX),
        *_list_problems("tiers", new.tiers, most=TIERS_MAX, longest=TIER_MAX),
        *_list_problems("stores", [str(store) for store in new.stores], most=STORES_MAX, longest=TEXT_MAX),
        *_price_problems(new),
        *_range_problems("stock", new.stock, most=COUNT_MAX),
        *_range_problems("perMember", new.per_member, most=COUNT_MAX),
        *_window_problems(new, now=now),
        *_range_problems("voucherDays", new.voucher_days, most=VOUCHER_DAYS_MAX),
    ]


def _gain_problems(new: NewReward) -> list[Problem]:
    """What the kind of the reward needs is there, and what does not go with it is not."""
    perk = new.kind is RewardKind.PERK
    problems = [
        *_belongs("amountMinor", new.amount_minor, needed=new.kind is RewardKind.AMOUNT_OFF, most=MINOR_MAX),
        *_belongs("percent", new.percent, needed=new.kind is RewardKind.PERCENT_OFF, most=PERCENT_MAX),
    ]
    for field, said in (("ceilingMinor", new.ceiling_minor), ("categories", new.categories), ("skus", new.skus)):
        if said and perk:
            problems.append(Problem(field, Phrase("not_of_this_kind")))
    return problems + ([] if perk else _range_problems("ceilingMinor", new.ceiling_minor, most=MINOR_MAX))


def _belongs(field: str, number: int | None, *, needed: bool, most: int) -> list[Problem]:
    if number is None:
        return [Problem(field, Phrase("required"))] if needed else []
    return _range_problems(field, number, most=most) if needed else [Problem(field, Phrase("not_of_this_kind"))]


def _price_problems(new: NewReward) -> list[Problem]:
    if (new.cost_points is None) == (new.cost_stamps is None):
        return [Problem("costPoints", Phrase("one_price"))]
    return [
        *_range_problems("costPoints", new.cost_points, most=POINTS_MAX),
        *_range_problems("costStamps", new.cost_stamps, most=STAMPS_MAX),
    ]


def _window_problems(new: NewReward, *, now: datetime) -> list[Problem]:
    if new.claimable_until is not None and new.claimable_until <= max(new.claimable_from or now, now):
        return [Problem("claimableUntil", Phrase("ends_before_it_begins"))]
    return []


def _range_problems(field: str, number: int | None, *, most: int) -> list[Problem]:
    if number is None or 1 <= number <= most:
        return []
    return [Problem(field, Phrase("out_of_range", {"least": 1, "most": most}))]


def _list_problems(field: str, texts: Sequence[str], *, most: int, longest: int) -> list[Problem]:
    if len(texts) > most:
        return [Problem(field, Phrase("too_many", {"most": most}))]
    problems = [
        problem for at, text in enumerate(texts) for problem in text_problems(f"{field}[{at}]", text, most=longest)
    ]
    repeated = len(set(texts)) != len(texts)
    return problems or ([Problem(field, Phrase("repeated"))] if repeated else [])
