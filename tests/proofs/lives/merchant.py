"""What the merchant does in a life, and what time does: reviews, new rules, midnights."""

from datetime import timedelta

from infra.sweeps import sweeps
from tests.proofs.lives.world import Life, some_rules
from wallet import programs, reviews
from wallet.values import SaleId

HELD_SQL = "SELECT sale_id FROM sales WHERE merchant_id = $1 AND review = 'HELD' ORDER BY sale_id"
SOLD_SQL = "SELECT sale_id FROM sales WHERE merchant_id = $1 ORDER BY sale_id"

BATCH = 50
LONG = timedelta(days=35)


HELD_POINTS_SQL = """
    SELECT COALESCE(SUM(remaining), 0)::bigint
    FROM lots
    WHERE merchant_id = $1 AND sale_id = $2 AND held
"""


async def review(life: Life) -> None:
    """A held sale is released or refused; seldom one that is not held."""
    query = HELD_SQL if life.chance(0.9) else SOLD_SQL
    found = await life.conn.fetch(query, life.shop.merchant_id)
    if not found:
        return
    sale_id = SaleId(life.rng.choice(found)["sale_id"])
    merchant_id, now = life.shop.merchant_id, life.now
    if life.chance(0.5):
        held = await life.conn.fetchval(HELD_POINTS_SQL, merchant_id, sale_id)
        # What it left over may complete a step of the card's, which it then earns.
        life.told += (await reviews.release(life.conn, merchant_id=merchant_id, sale_id=sale_id, now=now)).points - held
    else:
        life.told -= (await reviews.refuse(life.conn, merchant_id=merchant_id, sale_id=sale_id, now=now)).points


async def revise(life: Life) -> None:
    """New rules, from now on or from another day."""
    await programs.revise(
        life.conn,
        merchant_id=life.shop.merchant_id,
        program_id=life.shop.program_id,
        rules=some_rules(life.rng),
        valid_from=life.now + timedelta(hours=life.rng.choice((0, 0, 9, 30))),
        now=life.now,
    )


async def hours_pass(life: Life) -> None:
    life.now += timedelta(minutes=life.rng.choice((1, 10, 300)))


async def days_pass(life: Life) -> None:
    """Days go by, and the worker comes when it comes: at once, or not before somebody else has touched the card."""
    life.now += LONG if life.chance(0.05) else timedelta(days=life.rng.choice((1, 1, 2, 8)))
    if life.chance(0.7):
        await work(life)


async def work(life: Life) -> None:
    """Every sweep, until it finds nothing more. Nothing is due then any more."""
    for sweep in sweeps():
        while await sweep.step(life.conn, limit=BATCH, now=life.now):
            pass
