"""What always holds of a merchant's cards and gift cards, cheap enough to be looked at after every step of a life."""

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
            WHERE v.merchant_id = $1 AND v.state = 'USABLE')::bigint AS beside_vouchers,
           (SELECT COALESCE(SUM(balance_minor), 0) FROM gift_cards WHERE merchant_id = $1)::bigint AS minor,
           (SELECT -COALESCE(SUM(amount_minor), 0) FROM gift_card_activities
            WHERE merchant_id = $1 AND kind = 'EXPIRE')::bigint AS expired_minor,
           (SELECT COALESCE(SUM(value_minor), 0) FROM gifts
            WHERE merchant_id = $1 AND kind = 'VALUE'
              AND status NOT IN ('AWAITING_PAYMENT', 'CANCELLED', 'DECLINED', 'RETURNED'))::bigint AS given_minor
"""

# A gift card whose newest activity does not say what stands on it, or is not the one that it counts to.
WRONG_GIFT_CARDS_SQL = """
    SELECT g.gift_card_id
    FROM gift_cards AS g
    LEFT JOIN gift_card_activities AS e
        ON e.merchant_id = g.merchant_id AND e.gift_card_id = g.gift_card_id AND e.seq = g.revision
    WHERE g.merchant_id = $1
      AND (COALESCE(e.seq, 0), COALESCE(e.balance_after_minor, 0), COALESCE(e.hash, g.chain))
          IS DISTINCT FROM (g.revision, g.balance_minor, g.chain)
"""

# A gift of money that is on its way, or claimed, though the bank has not taken the money, or has given it back; one for
# which it gave money back though nobody said so; one of which more went back than it says.
WRONG_MONEY_SQL = """
    SELECT p.payment_id
    FROM payments AS p
    JOIN gifts AS g ON g.merchant_id = p.merchant_id AND g.gift_id = p.gift_id
    LEFT JOIN builtin_payments AS b ON b.key = p.payment_id::text
    WHERE p.merchant_id = $1
      AND NOT (
          (g.status IN ('AWAITING_PAYMENT', 'CANCELLED', 'DECLINED', 'RETURNED')
           OR (b.state = 'PAID' AND b.refunded_minor = 0) IS TRUE)
          AND (COALESCE(b.refunded_minor, 0) = 0 OR p.state IN ('REFUNDING', 'REFUNDED') AND g.closed_at IS NOT NULL)
          AND (p.state <> 'REFUNDED' OR b.refunded_minor = b.amount_minor)
      )
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
      ) + (
          SELECT COUNT(*) FROM gifts AS g
          WHERE g.merchant_id = w.merchant_id AND g.reward_id = w.reward_id AND g.closed_at IS NULL
      )
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """All points of a merchant: `held` on cards, in gifts and in vouchers; how many have `expired`; what is `owed`.
    And all money: on gift cards, `expired` from there, and of gifts that are on their way or claimed.
    """

    held: int
    expired: int
    owed: int
    entries: int
    minor: int
    expired_minor: int
    given_minor: int


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
        assert await conn.fetch(WRONG_GIFT_CARDS_SQL, self.merchant_id) == [], "the newest activity says what stands"
        assert await conn.fetch(WRONG_MONEY_SQL, self.merchant_id) == [], "nothing is sent unpaid, or given back twice"
        return Standing(
            row["held"],
            row["expired"],
            row["owed"],
            row["entries"],
            row["minor"],
            row["expired_minor"],
            row["given_minor"],
        )


def conserved(before: Standing, after: Standing, *, told: int, told_minor: int = 0) -> None:
    """Points came to be or went as somebody was told, or expired, and so did money, or it came or went with a gift;
    there is no other way.
    """
    made = after.held - before.held + after.expired - before.expired
    assert made == told, f"{told} points more were told of, and there are {made} more"
    put = after.minor - before.minor + after.expired_minor - before.expired_minor
    given = after.given_minor - before.given_minor
    assert put == told_minor + given, (
        f"{told_minor} of money was told of and {given} was given, and there is {put} more"
    )
