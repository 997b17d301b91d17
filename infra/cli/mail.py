"""`regulars mail`: what comes back of our mail, who is not written to."""

import os
import sys
from enum import IntEnum
from typing import Annotated, NoReturn
from uuid import UUID

from cyclopts import App, Parameter, validators

from auth.emails import normalise
from infra.changes import TROUBLES, say
from infra.cli.app import answer, note, opened
from infra.jobs.gift_mail import render_gift
from infra.mail import reports
from infra.mail.ingesting import ingest
from infra.mail.reports import AutomaticAnswer, Found, NotAReport
from infra.migrate import MigrationError
from infra.postgres.errors import PostgresError
from infra.settings import SettingsError
from wallet import gifts
from wallet.mail import suppressions
from wallet.mail.suppressions import Suppressed, Suppression
from wallet.values import GiftId, MerchantId
from web.mail import templates

CHUNK = 65_536
TOKENS_MAX = 5
"""A report is sent to one address; what names more of them is made to keep us busy."""
RECIPIENT_VARIABLES = ("ORIGINAL_RECIPIENT", "RECIPIENT")
"""What the envelope said: Postfix's local(8) and pipe transports of Exim set RECIPIENT, Postfix the first one too."""

BY_THE_OPERATOR = (Suppression.BOUNCED, Suppression.COMPLAINED, Suppression.MANUAL)

Most = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=10_000))]

mail = App(name="mail", help="What comes back of our mail, and who is not written to.")
suppression = App(name="suppressions", help="Mailboxes that get no gift mail.")
mail.command(suppression)


class Exit(IntEnum):
    """How a program tells the mail server that called it what became of a message (sysexits.h)."""

    DONE = 0
    DATA_ERROR = 65
    TRY_AGAIN = 75


@mail.command(name="ingest-bounce")
async def ingest_bounce(*, recipient: str | None = None) -> None:
    """Read one message that came to the bounce address, from standard input, and do what it says.

    Exit code 0: done, or there was nothing to do. 65: it is no report on a mail of ours. 75: try again later.

    Parameters
    ----------
    recipient
        Whom the mail server had it for. Else the environment says so, else the headers.
    """
    try:
        found = reports.read(sys.stdin.buffer.read(reports.BYTES_MAX + 1), recipient=recipient or _addressed())
        if not found.tokens:
            raise NotAReport("It was sent to no return path of ours.")
    except AutomaticAnswer as holiday:
        _end(Exit.DONE, f"{holiday} Nothing was changed.")
    except NotAReport as trouble:
        _end(Exit.DATA_ERROR, f"{trouble} Nothing was changed.")
    try:
        code, sentence = await _kept(found)
    except (*TROUBLES, SettingsError, PostgresError, MigrationError) as trouble:
        _end(Exit.TRY_AGAIN, f"It could not be kept now ({type(trouble).__name__}). Nothing was changed.")
    _end(code, sentence)


async def _kept(found: Found) -> tuple[Exit, str]:
    async with opened() as (_, pool, clock):
        done = await ingest(pool, tokens=found.tokens[:TOKENS_MAX], report=found.report, now=clock())
        if done.changed is not None:
            await say(pool, [done.changed])
    if not done.known:
        return Exit.DATA_ERROR, "It is about no mail that we sent in the last 30 days. Nothing was changed."
    if found.report is None:
        return Exit.DONE, f"The mail was {found.action}: nothing is decided yet. Nothing was changed."
    if done.changed is None:
        return Exit.DONE, f"The mail was {found.report.fate}. No gift changed."
    return Exit.DONE, f"The mail was {found.report.fate}, and its gift says so."


def _addressed() -> str | None:
    return next((value for name in RECIPIENT_VARIABLES if (value := os.environ.get(name))), None)


def _end(code: Exit, sentence: str) -> NoReturn:
    # What is still to come must be read, or the mail server fails to write it and takes that for our failure.
    while sys.stdin.buffer.read(CHUNK):
        pass
    note(sentence)
    sys.exit(code)


@mail.command(name="preview")
async def preview_mail(*, merchant: UUID, gift: UUID, html: bool = False) -> None:
    """Print the mail of a gift as its recipient gets it. Nothing is sent, and the links in it lead nowhere.

    Parameters
    ----------
    html
        As a web page, not as text.
    """
    async with opened() as (settings, pool, _clock), pool.acquire() as conn:
        facts = await gifts.show_mail(conn, merchant_id=MerchantId(merchant), gift_id=GiftId(gift))
    if facts is None:
        note("There is no such gift.")
        sys.exit(2)
    rendered = render_gift(templates.load(), facts, f"{settings.public_base_url}/g/preview")
    print(rendered.html if html else f"{rendered.subject}\n\n{rendered.text}")


@suppression.command(name="list")
async def list_suppressions(*, address: str | None = None, most: Most = 100, json: bool = False) -> None:
    """List who gets no gift mail, the newest first, or what is on the list of one address.

    Addresses are not kept, only hashes of them: to know of one, ask for it.
    """
    email_hash = hash_of(address) if address is not None else None
    async with opened() as (_, pool, clock), pool.acquire() as conn:
        if email_hash is None:
            found = await suppressions.listed(conn, limit=most, now=clock())
        else:
            found = await suppressions.listed_for(conn, email_hash=email_hash, now=clock())
    if json:
        answer({"suppressions": [_facts(each) for each in found]}, as_json=True)
        return
    for each in found:
        until = f" until {each.until:%Y-%m-%d}" if each.until else ""
        print(f"{each.email_hash.hex()[:16]}  {each.since:%Y-%m-%d %H:%M} UTC  {each.reason.lower()}{until}")


@suppression.command(name="add")
async def add_suppression(address: str, *, json: bool = False) -> None:
    """Send no gift mail to an address, and of other mail no more than it takes to sign in."""
    email_hash = hash_of(address)
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        await suppressions.add(conn, email_hash=email_hash, reason=Suppression.MANUAL, now=clock())
    answer({"added": address}, as_json=json)


@suppression.command(name="remove")
async def remove_suppression(address: str, *, unwanted_too: bool = False, json: bool = False) -> None:
    """Send gift mail to an address again, though it failed, complained or was entered.

    That its owner asked for none stays, unless they have changed their mind.

    Parameters
    ----------
    unwanted_too
        Its owner asks for gift mails again.
    """
    reasons = (*BY_THE_OPERATOR, Suppression.UNWANTED) if unwanted_too else BY_THE_OPERATOR
    async with opened() as (_, pool, _clock), pool.acquire() as conn, conn.transaction():
        removed = await suppressions.remove(conn, email_hash=hash_of(address), reasons=reasons)
    answer({"address": address, "removed": [reason.lower() for reason in removed]}, as_json=json)


def hash_of(address: str) -> bytes:
    """What is kept of an address that somebody typed. Raises InvalidInput."""
    return suppressions.hash_of(normalise(address, field="address").key)


def _facts(each: Suppressed) -> dict[str, object]:
    return {
        "emailHash": each.email_hash.hex(),
        "reason": each.reason.lower(),
        "since": each.since.isoformat(),
        "until": each.until.isoformat() if each.until else None,
    }
