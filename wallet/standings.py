"""What members are told of their tiers: read for many cards at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from wallet import tiers
from wallet.database import Conn
from wallet.rules import TierRules
from wallet.tiers import Progress, Standing
from wallet.values import CardId, MerchantId

# Of the sales that are kept, as wherever a tier is judged: what is held does not count yet, what was refused never.
TIER_INPUTS_SQL = """
    SELECT COALESCE(SUM(s.kept_points) FILTER (WHERE s.occurred_at >= w.since), 0)::bigint AS points,
           COALESCE(SUM(s.kept_minor) FILTER (WHERE s.occurred_at >= w.since), 0)::bigint AS spend,
           COALESCE(SUM(s.kept_points) FILTER (WHERE s.occurred_at >= w.since_at_review), 0)::bigint
               AS points_at_review,
           COALESCE(SUM(s.kept_minor) FILTER (WHERE s.occurred_at >= w.since_at_review), 0)::bigint AS spend_at_review
    FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[])
         WITH ORDINALITY AS w (merchant_id, card_id, since, since_at_review, position)
    LEFT JOIN sales AS s
      ON s.merchant_id = w.merchant_id AND s.card_id = w.card_id
     AND s.occurred_at >= LEAST(w.since, w.since_at_review) AND (s.review IS NULL OR s.review = 'RELEASED')
    GROUP BY w.position
    ORDER BY w.position
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A card with its tier, in a program that has these tiers, of a merchant in this zone."""

    merchant_id: MerchantId
    card_id: CardId
    standing: Standing
    tiers: TierRules
    zone: ZoneInfo


async def progress(conn: Conn, *, members: Sequence[Member], now: datetime) -> list[Progress]:
    """How far each has come, in the order of the members; one statement for all."""
    since = [tiers.window_start(member.tiers, now, member.zone) for member in members]
    at_review = [
        tiers.review_window_start(member.tiers, member.standing, member.zone) if member.standing.until else now
        for member in members
    ]
    rows = await conn.fetch(
        TIER_INPUTS_SQL,
        [member.merchant_id for member in members],
        [member.card_id for member in members],
        since,
        at_review,
    )
    return [
        tiers.progress(
            member.tiers,
            member.standing,
            counted=row[member.tiers.basis],
            counted_at_review=row[f"{member.tiers.basis}_at_review"],
            at=now,
            zone=member.zone,
        )
        for member, row in zip(members, rows, strict=True)
    ]
