"""Trying rules before they count: the recorded sales of a time, judged by a draft, beside what was given.

It is as if the draft had been published when the time began. Until then everything was as it was: the tiers, the
stamps on the punch cards, the money that cards carried at each rate, what had been bought. From then on the draft
judges what was sold, in the order in which it was recorded, and what came back of it. Members buy the same, pay the
same and use the same vouchers; what the merchant refused earns nothing; what the draft would hold for the merchant to
look at counts as if it had been let go at once, and what they did look at counts by itself until they had. A replay
of the rules that were in force gives what was given.
"""

from datetime import datetime
from fractions import Fraction

from wallet.database import Conn
from wallet.programs import Program
from wallet.punch_cards import PunchCard
from wallet.replaying import reading
from wallet.replaying.member import replayed
from wallet.replaying.outcome import Collected, MemberOutcome, PointWorth, Replay, Tally
from wallet.replaying.trial import Trial
from wallet.rules import Rules

__all__ = ["MemberOutcome", "PointWorth", "Replay", "Tally", "replay"]

REVISIONS_SQL = """
    SELECT revision, rules, valid_from
    FROM program_revisions
    WHERE merchant_id = $1 AND program_id = $2
"""

PUNCH_CARD_REWARD_SQL = """
    SELECT reward_id, voucher_days
    FROM rewards
    WHERE merchant_id = $1 AND program_id = $2 AND slug = $3
"""

# The most that a point buys now, of what takes a sum of money off: what else a reward is worth nobody has said.
DEAREST_POINT_SQL = """
    SELECT slug, amount_minor, cost_points
    FROM rewards
    WHERE merchant_id = $1 AND program_id = $2 AND kind = 'AMOUNT_OFF' AND cost_points IS NOT NULL
      AND claimable_from <= $3 AND (claimable_until IS NULL OR claimable_until > $3)
    ORDER BY amount_minor::numeric / cost_points DESC, slug
    LIMIT 1
"""


async def replay(
    conn: Conn, *, program: Program, draft: Rules, since: datetime, point_minor: Fraction | None = None, now: datetime
) -> Replay:
    """What the draft would have brought of what was recorded from `since` on. Reads only; run it in a REPEATABLE READ,
    READ ONLY transaction, so that it is of one moment.

    Five statements a page of cards, whatever was sold. `point_minor` is what a point is worth in the minor unit;
    without it, what it buys at most of the rewards that take money off, if there is one.
    """
    rows = await conn.fetch(REVISIONS_SQL, program.merchant_id, program.program_id)
    punch_card = await _punch_card(conn, program, draft)
    trial = Trial(
        draft=draft,
        punch_card=punch_card,
        since=since,
        zone=program.zone,
        revisions={row["revision"]: (row["valid_from"], Rules.from_json(row["rules"])) for row in rows},
    )
    by_hour = draft.review.sales_per_hour_of_terminal is not None
    seen = Collected()
    async for member in reading.members(conn, program, since=since, by_hour=by_hour):
        seen.see(replayed(trial, member))
    return Replay(
        program=program.slug,
        currency=program.currency,
        since=since,
        until=now,
        members=seen.members,
        sales=seen.sales,
        kept_minor=seen.kept_minor,
        given=seen.given,
        draft=seen.draft,
        worth=PointWorth(point_minor, None) if point_minor is not None else await _worth(conn, program, now=now),
        gaining=seen.gained.count,
        losing=seen.lost.count,
        most_gained=seen.gained.in_order(),
        most_lost=seen.lost.in_order(),
        suspects=seen.suspect.count,
        most_suspect=seen.suspect.in_order(),
        odd=seen.odd,
        capped_sales=seen.capped_sales,
        reward_missing=draft.stamps.reward if draft.stamps and not punch_card else None,
    )


async def _punch_card(conn: Conn, program: Program, draft: Rules) -> PunchCard | None:
    if draft.stamps is None:
        return None
    row = await conn.fetchrow(PUNCH_CARD_REWARD_SQL, program.merchant_id, program.program_id, draft.stamps.reward)
    return PunchCard(draft.stamps.needed, row["reward_id"], row["voucher_days"]) if row else None


async def _worth(conn: Conn, program: Program, *, now: datetime) -> PointWorth | None:
    row = await conn.fetchrow(DEAREST_POINT_SQL, program.merchant_id, program.program_id, now)
    return PointWorth(Fraction(row["amount_minor"], row["cost_points"]), row["slug"]) if row else None
