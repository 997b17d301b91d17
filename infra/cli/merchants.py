"""`regulars merchant`, `program`, `store` and `terminal`: setting up a shop."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import orjson
from babel import Locale, UnknownLocaleError
from babel.numbers import is_currency
from cyclopts import App

from auth import emails, terminals
from infra.cli.app import answer, opened
from infra.settings import SettingsError
from infra.wiring import opened_box
from wallet import programs, rewards, stores
from wallet.database import Conn
from wallet.errors import InvalidInput, NotFound, Problem
from wallet.fingerprint import Json
from wallet.rules import Rules
from wallet.templates import GIFTS, TEMPLATES, Template
from wallet.values import MerchantId, Minor, Phrase, StoreId, TerminalId

PER_MINOR = 10_000

merchant = App(name="merchant", help="Businesses.")
merchant.command(
    "infra.cli.operators:require_operators",
    name="require-operators",
    help="Let nothing be sold or taken back at the merchant's tills without a PIN; --no-required ends it.",
)
program = App(name="program", help="Loyalty schemes and their rules.")
program.command(
    "infra.cli.drafts:replay_draft",
    name="replay",
    help="Judge the sales of the last days by a draft of the rules, beside what was given.",
)
program.command(
    "infra.cli.drafts:preview_basket", name="preview", help="Say what a basket would earn under a draft, line by line."
)
store = App(name="store", help="Shops.")
terminal = App(name="terminal", help="Tills.")


@merchant.command(name="create")
async def create_merchant(
    *,
    name: str,
    currency: str,
    locale: str = "en-IN",
    timezone: str = "Asia/Kolkata",
    country: str | None = None,
    contact: str | None = None,
    json: bool = False,
) -> None:
    """Make a merchant. The currency is an ISO 4217 code, e.g. INR.

    Parameters
    ----------
    country
        Whose law says how long its gift cards must live: an ISO 3166 code, e.g. IN. Left out, it is the locale's.
    contact
        Who is told by mail that a payment was disputed.
    """
    _check_known(currency=currency, locale=locale, country=country)
    email = emails.normalise(contact, field="contact").text if contact is not None else None
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        merchant_id = await stores.create_merchant(
            conn,
            name=name,
            currency=currency,
            locale=locale,
            timezone=timezone,
            country=country,
            contact_email=email,
            now=clock(),
        )
    answer({"merchantId": merchant_id}, as_json=json)


@program.command(name="create")
async def create_program(
    *,
    merchant: UUID,
    slug: str,
    name: str,
    point_name: str = "point",
    point_name_plural: str = "points",
    points: int | None = None,
    per_minor: int = PER_MINOR,
    minimum_minor: int | None = None,
    carry_remainder: bool | None = None,
    pending_days: int | None = None,
    expiry_months: int | None = None,
    rules: Path | None = None,
    template: str | None = None,
    json: bool = False,
) -> None:
    """Make a program: so many points for so much money (in paise, cents), from when and for how long.

    Parameters
    ----------
    points
        So many points for every --per-minor; 1, if left out.
    rules
        A JSON file with all of the rules, gift limits among them, instead of the options that state some of them.
        Without one, points that goods had earned and that are spent before the goods come back are owed (returns_debt),
        and gifts are as in the templates: 10 a mailbox and day, fewer from who joined in the last week.
        `regulars program rules` prints those of a program as such a file. A punch card's reward must be there already:
        begin without stamps, add the reward, and revise the rules, or begin with a template.
    template
        Rules and rewards for a kind of shop, instead of the options that state some of the rules; --per-minor says what
        a small purchase comes to, and all amounts follow it. `regulars program templates` lists them.
    """
    options: dict[str, Json] = {
        "points": points,
        "minimum_minor": minimum_minor,
        "carry_remainder": carry_remainder,
        "pending_days": pending_days,
        "expiry_months": expiry_months,
    }
    stated = {option: value for option, value in options.items() if value is not None}
    begun = template_of(template) if template else None
    if begun and (rules or stated):
        raise SettingsError("A template states the rules: of the options that do, only --per-minor goes with it.")
    if begun:
        chosen = begun.rules(Minor(per_minor))
    else:
        chosen = (
            rules_in(rules)
            if rules
            else Rules.from_json(
                {"points": 1, "per_minor": per_minor, "returns_debt": True, "gifts": GIFTS.to_json(), **stated}
            )
        )
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        now = clock()
        made = await programs.create(
            conn,
            merchant_id=MerchantId(merchant),
            slug=slug,
            name=name,
            point_name=point_name,
            point_name_plural=point_name_plural,
            rules=chosen,
            now=now,
        )
        for new in begun.rewards(Minor(per_minor)) if begun else ():
            await rewards.create(conn, merchant_id=made.merchant_id, program_id=made.program_id, new=new, now=now)
        await programs.check_rewards(conn, merchant_id=made.merchant_id, program_id=made.program_id, rules=chosen)
    answer({"programId": made.program_id, "slug": made.slug, "number": made.number}, as_json=json)


@program.command(name="templates")
def list_templates(*, json: bool = False) -> None:
    """List what programs can begin with, each in a sentence. What they say of categories, the till has to write."""
    answer({name: template.sentence for name, template in TEMPLATES.items()}, as_json=json)


@program.command(name="rules")
async def print_rules(*, program: str) -> None:
    """Print the rules of a program (by its slug) that are in force, as the JSON that `create` and `revise` read."""
    async with opened() as (_, pool, clock), pool.acquire() as conn:
        found = await program_of(conn, program, clock())
    print(orjson.dumps(found.rules.to_json(), option=orjson.OPT_INDENT_2).decode())


@program.command(name="revise")
async def revise_program(*, program: str, rules: Path, valid_from: datetime | None = None, json: bool = False) -> None:
    """Publish a new revision of a program's rules, in force from now or from a later moment; what is judged stays."""
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        now = clock()
        begins = in_utc(valid_from) if valid_from else now
        found = await program_of(conn, program, now)
        revision = await programs.revise(
            conn,
            merchant_id=found.merchant_id,
            program_id=found.program_id,
            rules=rules_in(rules),
            valid_from=begins,
            now=now,
        )
    answer({"revision": revision, "validFrom": begins.isoformat()}, as_json=json)


def template_of(name: str) -> Template:
    """Raises SettingsError for a name that no template has."""
    found = TEMPLATES.get(name)
    if found is None:
        raise SettingsError(f"There is no template {name}; there are {', '.join(TEMPLATES)}.")
    return found


def in_utc(moment: datetime) -> datetime:
    """Raises SettingsError for a moment so near an end of the calendar that UTC has none for it."""
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError) as trouble:
        raise SettingsError(f"{moment.isoformat()} is no moment in UTC.") from trouble


def _check_known(*, currency: str | None = None, locale: str | None, country: str | None = None) -> None:
    """The currency, the locale and the country are in CLDR, so all can be written. Raises InvalidInput."""
    problems = []
    if currency is not None and not is_currency(currency):
        problems.append(Problem("currency", Phrase("not_a_currency")))
    if locale is not None and not _is_locale(locale):
        problems.append(Problem("locale", Phrase("not_a_locale")))
    if country is not None and (not country.isalpha() or country not in Locale("en").territories):
        problems.append(Problem("country", Phrase("not_a_country")))
    if problems:
        raise InvalidInput(problems)


def _is_locale(tag: str) -> bool:
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return False
    return True


async def program_of(conn: Conn, slug: str, now: datetime) -> programs.Program:
    found = await programs.find_by_slug(conn, slug=slug, now=now)
    if found is None:
        raise NotFound
    return found


def rules_in(file: Path) -> Rules:
    """The rules in the file. Raises SettingsError if it holds no JSON, InvalidInput if it holds no rules."""
    try:
        return Rules.from_json(orjson.loads(file.read_bytes()))
    except OSError as trouble:
        raise SettingsError(f"{file} cannot be read: {trouble.strerror}.") from trouble
    except orjson.JSONDecodeError as trouble:
        raise SettingsError(f"{file} is not JSON: {trouble}.") from trouble


@store.command(name="add")
async def add_store(*, program: str, name: str, locale: str | None = None, json: bool = False) -> None:
    """Add a store to the merchant of a program (by its slug); its counter enrols people into that program."""
    _check_known(locale=locale)
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        found = await program_of(conn, program, clock())
        store_id = await stores.create_store(
            conn,
            merchant_id=found.merchant_id,
            program_id=found.program_id,
            name=name,
            locale=locale,
            now=clock(),
        )
    answer({"merchantId": found.merchant_id, "storeId": store_id}, as_json=json)


@terminal.command(name="add")
async def add_terminal(*, merchant: UUID, store: UUID, name: str, json: bool = False) -> None:
    """Add a till to a store and print the code that activates it, once, within fifteen minutes."""
    async with opened() as (settings, pool, clock):
        box = await opened_box(settings, pool, clock)
        async with pool.acquire() as conn, conn.transaction():
            terminal_id = await stores.create_terminal(
                conn, merchant_id=MerchantId(merchant), store_id=StoreId(store), name=name, now=clock()
            )
            code = await terminals.new_activation_code(
                conn, box=box, merchant_id=MerchantId(merchant), terminal_id=terminal_id, now=clock()
            )
    answer({"terminalId": terminal_id, "activationCode": code}, as_json=json)


@terminal.command(name="code")
async def new_code(*, merchant: UUID, terminal: UUID, json: bool = False) -> None:
    """Print a new activation code for a till; using it signs the earlier device out."""
    async with opened() as (settings, pool, clock):
        box = await opened_box(settings, pool, clock)
        async with pool.acquire() as conn, conn.transaction():
            code = await terminals.new_activation_code(
                conn,
                box=box,
                merchant_id=MerchantId(merchant),
                terminal_id=TerminalId(terminal),
                now=clock(),
            )
    answer({"activationCode": code}, as_json=json)


@terminal.command(name="revoke")
async def revoke(*, merchant: UUID, terminal: UUID, json: bool = False) -> None:
    """Take a till's credential away, at once and for good."""
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        await terminals.revoke(conn, merchant_id=MerchantId(merchant), terminal_id=TerminalId(terminal), now=clock())
    answer({"revoked": terminal}, as_json=json)
