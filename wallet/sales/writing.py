"""The rows of a sale that was planned: its lines, its discounts, its vouchers, the tier that it brought."""

from collections.abc import Sequence
from datetime import datetime

from wallet import rewards
from wallet.baskets import Basket
from wallet.database import Conn
from wallet.errors import RewardUnavailable
from wallet.fingerprint import Json
from wallet.ledger import LockedCard
from wallet.sales.offers import Taken
from wallet.sales.planning import Plan
from wallet.values import SaleId, Terminal

# Arrays of objects are JSON: what a sale has many of stands in one parameter each. Stock is taken as in
# rewards.stock.TAKE_STOCK_SQL, one of each; the rewards come last of what is locked.
FINISH_SALE_SQL = """
    WITH lines AS (
        INSERT INTO sale_lines (merchant_id, sale_id, position, line_id, kind, sku, category, description, quantity,
                                amount_minor, paid_minor, hundredths, points, stamps, status)
        SELECT $1, $2, l.position, l.line_id, l.kind, l.sku, l.category, l.description, l.quantity,
               l.amount_minor, l.paid_minor, l.hundredths, l.points, l.stamps, l.status
        FROM jsonb_to_recordset($4) AS l (
            position integer, line_id text, kind text, sku text, category text, description text, quantity integer,
            amount_minor bigint, paid_minor bigint, hundredths integer, points bigint, stamps integer, status text
        )
    ), bought AS (
        INSERT INTO vouchers (merchant_id, voucher_id, card_id, reward_id, origin, state, points, stamps, redeemed_seq,
                              created_at, used_at, used_sale_id, closed_at)
        SELECT $1, b.voucher_id, $3, b.reward_id, 'TILL', 'USED', b.points, b.stamps,
               CASE WHEN b.points > 0 THEN $8::bigint END, $9, $9, $2, $9
        FROM jsonb_to_recordset($5) AS b (voucher_id uuid, reward_id uuid, points bigint, stamps integer)
    ), wanted AS (
        SELECT w.reward_id
        FROM jsonb_to_recordset($5) AS b (reward_id uuid)
        JOIN rewards AS w ON w.merchant_id = $1 AND w.reward_id = b.reward_id
        WHERE w.stock IS NOT NULL
        ORDER BY w.reward_id
        FOR NO KEY UPDATE OF w
    ), shelf AS (
        UPDATE rewards AS w SET stock = w.stock - 1
        FROM wanted
        WHERE w.merchant_id = $1 AND w.reward_id = wanted.reward_id AND w.stock >= 1
        RETURNING w.reward_id
    ), used AS (
        UPDATE vouchers AS v SET state = 'USED', used_at = $9, used_sale_id = $2, closed_at = $9
        WHERE v.merchant_id = $1 AND v.card_id = $3 AND v.voucher_id = ANY($6::uuid[]) AND v.state = 'USABLE'
        RETURNING v.voucher_id
    ), discounted AS (
        INSERT INTO sale_discounts (merchant_id, sale_id, voucher_id, position, amount_minor)
        SELECT $1, $2, d.voucher_id, d.position, d.amount_minor
        FROM jsonb_to_recordset($7) AS d (voucher_id uuid, position integer, amount_minor bigint)
    ), raised AS (
        UPDATE cards AS c SET tier = t.tier, tier_since = t.since, tier_until = t.until, tier_review_at = t.review_at
        FROM jsonb_to_record($11) AS t (
            tier text, since timestamptz, until timestamptz, review_at timestamptz
        )
        WHERE c.merchant_id = $1 AND c.card_id = $3 AND $11::jsonb IS NOT NULL
    ), told AS (
        UPDATE sales AS s SET
            points = f.points, bonus_points = f.bonus_points, visit_points = f.visit_points,
            capped_points = f.capped_points, kept_points = f.points, kept_minor = f.kept_minor, stamps = f.stamps,
            discount_minor = f.discount_minor, tier_after = f.tier_after, review = f.review,
            review_reason = f.review_reason, entry_seq = f.entry_seq, redeemed_seq = $8
        FROM jsonb_to_record($10) AS f (
            points bigint, bonus_points bigint, visit_points bigint, capped_points bigint, kept_minor bigint,
            stamps integer, discount_minor bigint, tier_after text, review text, review_reason text, entry_seq bigint
        )
        WHERE s.merchant_id = $1 AND s.sale_id = $2
    )
    SELECT (SELECT COUNT(*) FROM used) AS used, (SELECT COUNT(*) FROM wanted) AS wanted,
           (SELECT COUNT(*) FROM shelf) AS taken
"""


async def finish(
    conn: Conn,
    *,
    terminal: Terminal,
    sale_id: SaleId,
    card: LockedCard,
    basket: Basket,
    plan: Plan,
    taken: Sequence[Taken],
    entry_seq: int | None,
    redeemed_seq: int | None,
    now: datetime,
) -> None:
    """All that the plan says stands with the sale, and what was bought on the spot is off the shelf.

    Raises RewardUnavailable if of a reward none is left by now.
    """
    bought = [each for each in taken if each.voucher is None]
    used = [each.voucher.voucher_id for each in taken if each.voucher is not None]
    row = await conn.fetchrow(
        FINISH_SALE_SQL,
        terminal.merchant_id,
        sale_id,
        card.card_id,
        _lines(basket, plan),
        [_bought(each) for each in bought],
        used,
        _discounts(plan, taken),
        redeemed_seq,
        now,
        _sale(plan, entry_seq),
        _tier(plan),
    )
    assert row is not None
    assert row["used"] == len(used), "a card's vouchers change under its lock alone"
    if row["taken"] != row["wanted"]:
        raise RewardUnavailable([rewards.NONE_LEFT])


def _lines(basket: Basket, plan: Plan) -> list[dict[str, Json]]:
    return [
        {
            "position": position,
            "line_id": line.line_id,
            "kind": line.kind.value,
            "sku": line.sku,
            "category": line.category,
            "description": line.description,
            "quantity": line.quantity,
            "amount_minor": line.amount_minor,
            "paid_minor": paid,
            "hundredths": earned.hundredths,
            "points": earned.points,
            "stamps": earned.stamps,
            "status": earned.status.value,
        }
        for position, (line, paid, earned) in enumerate(
            zip(basket.lines, plan.paid, plan.earning.lines, strict=True), start=1
        )
    ]


def _bought(each: Taken) -> dict[str, Json]:
    reward = each.offer.reward
    return {
        "voucher_id": str(each.new_voucher_id),
        "reward_id": str(reward.reward_id),
        "points": reward.cost_points or 0,
        "stamps": reward.cost_stamps or 0,
    }


def _discounts(plan: Plan, taken: Sequence[Taken]) -> list[dict[str, Json]]:
    return [
        {
            "voucher_id": str(taken[part.offer_index].new_voucher_id),
            "position": part.position + 1,
            "amount_minor": part.amount_minor,
        }
        for part in plan.discounts
    ]


def _sale(plan: Plan, entry_seq: int | None) -> dict[str, Json]:
    return {
        "points": plan.points,
        "bonus_points": plan.earning.bonus_points,
        "visit_points": plan.visit_points,
        "capped_points": plan.earning.capped_points,
        "kept_minor": plan.earning.eligible_minor,
        "stamps": plan.earning.stamps,
        "discount_minor": plan.discount_minor,
        "tier_after": plan.standing.tier if plan.standing else None,
        "review": "HELD" if plan.held else None,
        "review_reason": plan.held.code if plan.held else None,
        "entry_seq": entry_seq,
    }


def _tier(plan: Plan) -> dict[str, Json] | None:
    standing = plan.standing
    if standing is None or standing.since is None or standing.until is None or standing.review_at is None:
        return None
    return {
        "tier": standing.tier,
        "since": standing.since.isoformat(),
        "until": standing.until.isoformat(),
        "review_at": standing.review_at.isoformat(),
    }
