"""How many mails a minute go to one domain: what sends in bursts is taken for spam, and then nobody gets their code.

The generic cell rate algorithm (ITU-T I.371, "virtual scheduling"): each mail moves the domain's `next_at` on by a
step, and may leave while that is no further ahead than its burst. One row a domain, so all workers keep one pace.

A mail that has to wait gets a turn of its own behind those that wait already, so that they do not all come back at once
and the first is not overtaken by who comes later. Urgent mail does not queue: it has a larger burst, which nothing else
can use up, and what it takes moves everybody else's turn.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from wallet.database import Conn

MINUTE_MICROSECONDS = 60_000_000
KEPT_FOR = timedelta(hours=1)

# $2 now, $3 the step, $4 how far ahead it may be, $5 whether it may pass those who wait. A row that was there and whose
# next_at did not move is one that the mail has to wait for.
TAKE_TURN_SQL = """
    INSERT INTO mail_paces AS p (domain, next_at, queue_at)
    VALUES ($1, $2::timestamptz + $3::interval, $2)
    ON CONFLICT (domain) DO UPDATE SET
        next_at = CASE
            WHEN p.next_at <= $2 + $4::interval AND ($5 OR p.queue_at <= $2) THEN GREATEST(p.next_at, $2) + $3
            ELSE p.next_at
        END,
        queue_at = CASE
            WHEN $5 OR (p.next_at <= $2 + $4 AND p.queue_at <= $2) THEN p.queue_at
            ELSE GREATEST(p.queue_at + $3, p.next_at - $4)
        END
    RETURNING CASE WHEN old.next_at = new.next_at THEN CASE WHEN $5 THEN old.next_at - $4 ELSE new.queue_at END END
"""

FORGET_PACES_SQL = """
    DELETE FROM mail_paces
    WHERE domain = ANY(ARRAY(
        SELECT domain
        FROM mail_paces
        WHERE next_at <= $1 AND queue_at <= $1
        ORDER BY next_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING domain
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `per_minute` mails to one domain in any minute.

    A fifth of them, and one, may leave at once where it was quiet before; half of that fifth is kept for urgent mail.
    The rest is spread over the minute.
    """

    per_minute: int

    @property
    def burst(self) -> int:
        """How many urgent mails may leave at once."""
        return 1 + self.per_minute // 5

    @property
    def step(self) -> timedelta:
        """The even distance of mails. In a minute fit 60 s / step of them, and one less than a burst before."""
        # Rounded up: a step that is too short lets one too many through.
        steady = self.per_minute - self.burst + 1
        return timedelta(microseconds=-(-MINUTE_MICROSECONDS // steady))

    def ahead(self, *, urgent: bool) -> timedelta:
        """How far ahead of the even pace a mail may leave."""
        burst = self.burst if urgent else 1 + self.per_minute // 10
        return (burst - 1) * self.step


async def take_turn(
    conn: Conn, *, domain: str, pace: Pace, urgent: bool, waited: bool, now: datetime
) -> datetime | None:
    """None: the mail leaves now, and is counted. Else the moment when its turn is, and nothing was counted.

    `waited`: it was told to wait before, and does not go to the end of the queue again.
    """
    turn: datetime | None = await conn.fetchval(
        TAKE_TURN_SQL, domain, now, pace.step, pace.ahead(urgent=urgent), urgent or waited
    )
    return turn


async def forget(conn: Conn, *, limit: int, now: datetime) -> int:
    """At most `limit` domains that got no mail for an hour are forgotten. Returns how many."""
    return len(await conn.fetch(FORGET_PACES_SQL, now - KEPT_FOR, limit))
