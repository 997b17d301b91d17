"""Programs: a merchant's loyalty scheme, found by slug or id, with the rules that are in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from wallet import ledger, looks
from wallet.baskets import text_problems
from wallet.database import Conn, Row
from wallet.errors import InvalidInput, NotFound, Problem
from wallet.rules import Rules, terms, value_terms
from wallet.rules.reading import SLUG as SLUG
from wallet.value import law
from wallet.values import LogoId, MerchantId, Phrase, ProgramId

NAME_MAX = 80
POINT_NAME_MAX = 30
NUMBERS_MAX = 100

# The newest of the revisions that had begun, else the first: a till may tell of a sale from before the program began.
FIND_PROGRAM_BY_SLUG_SQL = """
    SELECT p.merchant_id, p.program_id, d.number, p.slug, p.name, m.name AS merchant_name, p.point_name,
           p.point_name_plural, p.currency, p.color, m.timezone, m.country, r.revision, r.rules,
           (SELECT g.logo_id FROM program_logos AS g
            WHERE g.merchant_id = p.merchant_id AND g.program_id = p.program_id) AS logo_id,
           (SELECT w.name FROM rewards AS w
            WHERE w.merchant_id = p.merchant_id AND w.program_id = p.program_id
              AND w.slug = r.rules #>> '{stamps,reward}') AS stamp_reward
    FROM program_directory AS d
    JOIN programs AS p ON p.merchant_id = d.merchant_id AND p.program_id = d.program_id
    JOIN merchants AS m ON m.merchant_id = d.merchant_id
    CROSS JOIN LATERAL (
        SELECT v.revision, v.rules
        FROM program_revisions AS v
        WHERE v.merchant_id = d.merchant_id AND v.program_id = d.program_id AND (v.valid_from <= $2 OR v.revision = 1)
        ORDER BY v.valid_from DESC, v.revision DESC
        LIMIT 1
    ) AS r
    WHERE d.slug = $1
"""

NUMBERS_SQL = """
    SELECT number
    FROM program_directory
    WHERE merchant_id = $1
    ORDER BY number
    LIMIT $2
"""

GET_PROGRAM_SQL = """
    SELECT p.merchant_id, p.program_id, d.number, p.slug, p.name, m.name AS merchant_name, p.point_name,
           p.point_name_plural, p.currency, p.color, m.timezone, m.country, r.revision, r.rules,
           (SELECT g.logo_id FROM program_logos AS g
            WHERE g.merchant_id = p.merchant_id AND g.program_id = p.program_id) AS logo_id,
           (SELECT w.name FROM rewards AS w
            WHERE w.merchant_id = p.merchant_id AND w.program_id = p.program_id
              AND w.slug = r.rules #>> '{stamps,reward}') AS stamp_reward
    FROM programs AS p
    JOIN program_directory AS d ON d.merchant_id = p.merchant_id AND d.program_id = p.program_id
    JOIN merchants AS m ON m.merchant_id = p.merchant_id
    CROSS JOIN LATERAL (
        SELECT v.revision, v.rules
        FROM program_revisions AS v
        WHERE v.merchant_id = p.merchant_id AND v.program_id = p.program_id AND (v.valid_from <= $3 OR v.revision = 1)
        ORDER BY v.valid_from DESC, v.revision DESC
        LIMIT 1
    ) AS r
    WHERE p.merchant_id = $1 AND p.program_id = $2
"""

REVISION_AT_SQL = """
    SELECT revision, rules
    FROM program_revisions
    WHERE merchant_id = $1 AND program_id = $2 AND (valid_from <= $3 OR revision = 1)
    ORDER BY valid_from DESC, revision DESC
    LIMIT 1
"""

NEW_IDS_SQL = """
    SELECT uuidv7() AS issued, uuidv7() AS redeemed, uuidv7() AS expired
"""

INSERT_PROGRAM_SQL = """
    INSERT INTO programs (merchant_id, slug, name, point_name, point_name_plural, currency,
                          issued_account_id, redeemed_account_id, expired_account_id, created_at)
    SELECT m.merchant_id, $2, $3, $4, $5, m.currency, $6, $7, $8, $9
    FROM merchants AS m
    WHERE m.merchant_id = $1
    RETURNING program_id
"""

LIST_PROGRAM_SQL = """
    INSERT INTO program_directory (slug, merchant_id, program_id)
    VALUES ($1, $2, $3)
    ON CONFLICT (slug) DO NOTHING
    RETURNING number
"""

INSERT_FIRST_REVISION_SQL = """
    INSERT INTO program_revisions (merchant_id, program_id, revision, rules, valid_from)
    VALUES ($1, $2, 1, $3, $4)
"""

INSERT_REVISION_SQL = """
    INSERT INTO program_revisions (merchant_id, program_id, revision, rules, valid_from)
    SELECT $1, $2, MAX(revision) + 1, $3, $4
    FROM program_revisions
    WHERE merchant_id = $1 AND program_id = $2
    ON CONFLICT (merchant_id, program_id, revision) DO NOTHING
    RETURNING revision
"""

REWARD_EXISTS_SQL = """
    SELECT EXISTS (SELECT FROM rewards WHERE merchant_id = $1 AND program_id = $2 AND slug = $3)
"""

REVISIONS_TRIED_MAX = 20
"""A number that was taken in between was taken by somebody who got it: so many would have to publish at one moment."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One immutable version of a program's rules."""

    revision: int
    rules: Rules


@dataclass(frozen=True, slots=True)
class Program:
    """A program as the outside sees it, with the rules in force when it was read.

    `stamp_reward` is the name of the reward that a full punch card brings; None where there is no such reward. `color`
    is the merchant's or, where they chose none, one that fits the slug.
    """

    merchant_id: MerchantId
    program_id: ProgramId
    number: int
    slug: str
    name: str
    merchant_name: str
    point_name: str
    point_name_plural: str
    currency: str
    timezone: str
    country: str
    revision: int
    rules: Rules
    stamp_reward: str | None
    color: str
    logo_id: LogoId | None

    @property
    def on_color(self) -> str:
        """What is read on the colour."""
        return looks.on_color(self.color)

    @property
    def zone(self) -> ZoneInfo:
        """Where the merchant's midnights are."""
        return ZoneInfo(self.timezone)

    def terms(self) -> list[Phrase]:
        """The rules as sentences."""
        rewards = {self.rules.stamps.reward: self.stamp_reward} if self.rules.stamps and self.stamp_reward else {}
        said = terms(self.rules, currency=self.currency, point_name_plural=self.point_name_plural, rewards=rewards)
        months = law.months_of(self.country, stated=self.rules.gifts.validity_months)
        return [*said, *value_terms(self.rules.gifts, currency=self.currency, months=months)]


def from_row(row: Row) -> Program:
    return Program(
        merchant_id=row["merchant_id"],
        program_id=row["program_id"],
        number=row["number"],
        slug=row["slug"],
        name=row["name"],
        merchant_name=row["merchant_name"],
        point_name=row["point_name"],
        point_name_plural=row["point_name_plural"],
        currency=row["currency"],
        timezone=row["timezone"],
        country=row["country"],
        revision=row["revision"],
        rules=Rules.from_json(row["rules"]),
        stamp_reward=row["stamp_reward"],
        color=looks.color_of(row["slug"], row["color"]),
        logo_id=row["logo_id"],
    )


async def numbers(conn: Conn, *, merchant_id: MerchantId) -> list[int]:
    """The numbers by which check-in codes name the merchant's programs, the oldest first; 100 at most."""
    return [row["number"] for row in await conn.fetch(NUMBERS_SQL, merchant_id, NUMBERS_MAX)]


async def find_by_slug(conn: Conn, *, slug: str, now: datetime) -> Program | None:
    """The program that a join link names, with the rules in force at `now`."""
    row = await conn.fetchrow(FIND_PROGRAM_BY_SLUG_SQL, slug, now)
    return from_row(row) if row else None


async def get(conn: Conn, *, merchant_id: MerchantId, program_id: ProgramId, now: datetime) -> Program:
    """The program, with the rules in force at `now`. Raises NotFound."""
    row = await conn.fetchrow(GET_PROGRAM_SQL, merchant_id, program_id, now)
    if row is None:
        raise NotFound
    return from_row(row)


async def revision_at(conn: Conn, *, merchant_id: MerchantId, program_id: ProgramId, at: datetime) -> Revision:
    """The rules in force at `at`: of the revisions that had begun by then the one that began last.

    Before the first began it is the first, so that every sale of a card has rules. Raises NotFound.
    """
    row = await conn.fetchrow(REVISION_AT_SQL, merchant_id, program_id, at)
    if row is None:
        raise NotFound
    return Revision(row["revision"], Rules.from_json(row["rules"]))


async def create(
    conn: Conn,
    *,
    merchant_id: MerchantId,
    slug: str,
    name: str,
    point_name: str,
    point_name_plural: str,
    rules: Rules,
    now: datetime,
) -> Program:
    """The merchant has a new program with its accounts; `rules` are its first revision, in force from `now`.

    A reward of theirs is made next: whoever publishes them asks `check_rewards` then.
    Raises InvalidInput (also where the slug is taken), NotFound for an unknown merchant.
    """
    names = (slug, name, point_name, point_name_plural)
    _check_names(*names)
    said = _checked(rules)
    ids = await conn.fetchrow(NEW_IDS_SQL)
    assert ids is not None
    accounts = (ids["issued"], ids["redeemed"], ids["expired"])
    program_id = await conn.fetchval(INSERT_PROGRAM_SQL, merchant_id, *names, *accounts, now)
    if program_id is None:
        raise NotFound
    if await conn.fetchval(LIST_PROGRAM_SQL, slug, merchant_id, program_id) is None:
        raise InvalidInput.of("slug", "slug_taken")
    await ledger.open_program_accounts(
        conn,
        merchant_id=merchant_id,
        program_id=program_id,
        issued=ids["issued"],
        redeemed=ids["redeemed"],
        expired=ids["expired"],
    )
    await conn.execute(INSERT_FIRST_REVISION_SQL, merchant_id, program_id, said, now)
    return await get(conn, merchant_id=merchant_id, program_id=program_id, now=now)


async def revise(
    conn: Conn,
    *,
    merchant_id: MerchantId,
    program_id: ProgramId,
    rules: Rules,
    valid_from: datetime,
    now: datetime,
) -> int:
    """A new revision, whose number is returned, is in force from `valid_from` on; earlier ones stay as they are.

    What has been judged stays judged, so `valid_from` is not before `now`. Raises InvalidInput (also where the reward
    for a full punch card does not exist), NotFound.
    """
    said = _checked(rules)
    if valid_from < now:
        raise InvalidInput.of("validFrom", "in_past")
    await revision_at(conn, merchant_id=merchant_id, program_id=program_id, at=now)
    await check_rewards(conn, merchant_id=merchant_id, program_id=program_id, rules=rules)
    for _ in range(REVISIONS_TRIED_MAX):
        revision = await conn.fetchval(INSERT_REVISION_SQL, merchant_id, program_id, said, valid_from)
        if revision:
            return int(revision)
    raise RuntimeError("no free revision number was found")


async def check_rewards(conn: Conn, *, merchant_id: MerchantId, program_id: ProgramId, rules: Rules) -> None:
    """The reward that a full punch card of the rules brings is one of the program's: full cards would bring nothing
    else. Raises InvalidInput.
    """
    if rules.stamps is None:
        return
    if not await conn.fetchval(REWARD_EXISTS_SQL, merchant_id, program_id, rules.stamps.reward):
        raise InvalidInput.of("stamps.reward", "no_such_reward", slug=rules.stamps.reward)


def _checked(rules: Rules) -> Mapping[str, object]:
    return Rules.from_json(rules.to_json()).to_json()


def _check_names(slug: str, name: str, point_name: str, point_name_plural: str) -> None:
    problems = [
        *([] if SLUG.fullmatch(slug) else [Problem("slug", Phrase("slug_form"))]),
        *text_problems("name", name, most=NAME_MAX),
        *text_problems("pointName", point_name, most=POINT_NAME_MAX),
        *text_problems("pointNamePlural", point_name_plural, most=POINT_NAME_MAX),
    ]
    if problems:
        raise InvalidInput(problems)
