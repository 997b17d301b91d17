"""What always holds of a merchant's cards, cheap enough to be looked at after every step of a life."""

from dataclasses import dataclass

from wallet.database import Conn
from wallet.values import MerchantId

STANDING_SQL = """
    SELECT (SELECT COALESCE(SUM(balance), 0) FROM accounts WHERE merchant_id = $1)::bigint AS held,
           (SELECT COALESCE(SUM(remaining), 0) FROM lots WHERE merchant_id = $1)::bigint AS in_lots,
           (SELECT COALESCE(SUM(balance), 0) FROM accounts
            WHERE merchant_id = $1 AND kind IN ('active', 'pending'))::bigint AS on_cards,
           (SELECT -COALESCE(SUM(points + pending_points), 0) FROM entries
            WHERE merchant_id = $1 AND kind = 'EXPIRED')::bigint AS expired,
           (SELECT COALESCE(SUM(debt), 0) FROM cards WHERE merchant_id = $1)::bigint AS owed,
           (SELECT COUNT(*) FROM entries WHERE merchant_id = $1) AS entries,
           (SELECT COALESCE(SUM(a.balance - v.points), 0) FROM vouchers AS v
            JOIN accounts AS a ON a.merchant_id = v.merchant_id AND a.account_id = v.account_id
            WHERE v.merchant_id = $1 AND v.state = 'USABLE')::bigint AS beside_vouchers
"""

# A card whose newest entry does not say what its accounts hold, or is not the one that the card counts to.
WRONG_CARDS_SQL = """
    SELECT c.card_id
    FROM cards AS c
    JOIN accounts AS a ON a.merchant_id = c.merchant_id AND a.account_id = c.active_account_id
    JOIN accounts AS p ON p.merchant_id = c.merchant_id AND p.account_id = c.pending_account_id
    LEFT JOIN entries AS e ON e.merchant_id = c.merchant_id AND e.card_id = c.card_id AND e.seq = c.revision
    WHERE c.merchant_id = $1
      AND (COALESCE(e.seq, 0), COALESCE(e.active_after, 0), COALESCE(e.pending_after, 0), COALESCE(e.reserved_after, 0),
           COALESCE(e.lifetime_after, 0), COALESCE(e.hash, c.chain))
          IS DISTINCT FROM
          (c.revision, a.balance, p.balance,
           (SELECT COALESCE(SUM(r.balance), 0)::bigint FROM accounts AS r
            WHERE r.merchant_id = c.merchant_id AND r.card_id = c.card_id AND r.kind IN ('gift', 'voucher')),
           c.lifetime_earned, c.chain)
"""

# A reward of which there are more, or fewer, than there were when it was made.
WRONG_STOCK_SQL = """
    SELECT w.slug
    FROM rewards AS w
    JOIN unnest($2::text[], $3::integer[]) AS f (slug, stock) ON f.slug = w.slug
    WHERE w.merchant_id = $1
      AND f.stock <> w.stock + (
          SELECT COUNT(*) FROM vouchers AS v
          WHERE v.merchant_id = w.merchant_id AND v.reward_id = w.reward_id AND v.origin <> 'STAMPS'
            AND v.state IN ('USABLE', 'USED')
      )
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """All points of a merchant: `held` on cards, in gifts and in vouchers; how many have `expired`; what is `owed`."""

    held: int
    expired: int
    owed: int
    entries: int


@dataclass(frozen=True, slots=True)
class Bench:
    """Judges one merchant, whose limited rewards were as many as `stock` says at first."""

    merchant_id: MerchantId
    stock: dict[str, int]

    async def standing(self, conn: Conn) -> Standing:
        """What stands now, after all has been looked at that needs no knowledge of what happened."""
        row = await conn.fetchrow(STANDING_SQL, self.merchant_id)
        assert row is not None
        assert row["in_lots"] == row["on_cards"], "lots say what is on the cards"
        assert row["beside_vouchers"] == 0, "a voucher holds what it cost"
        assert await conn.fetch(WRONG_CARDS_SQL, self.merchant_id) == [], "the newest entry says what stands"
        fixed = list(self.stock), list(self.stock.values())
        assert await conn.fetch(WRONG_STOCK_SQL, self.merchant_id, *fixed) == [], "no reward is lost or made"
        return Standing(row["held"], row["expired"], row["owed"], row["entries"])


def conserved(before: Standing, after: Standing, *, told: int) -> None:
    """Points came to be or went as somebody was told, or expired; there is no other way."""
    made = after.held - before.held + after.expired - before.expired
    assert made == told, f"{told} points more were told of, and there are {made} more"
