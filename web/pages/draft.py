"""How a gift will look before it is sent: its page and its mail, behind a link that says it all and lives an hour."""

from collections.abc import Mapping
from functools import cache

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from auth import drafts
from schema.program import point_names
from schema.translations import translator
from wallet import gifts
from wallet.gifts import Draft, Preview
from web.mail import render as mails
from web.mail.render import GiftFacts, Picture
from web.mail.templates import Templates, load
from web.pages.facts import PageFacts
from web.pages.gift import design_of, ticket_of
from web.pages.headers import page_headers
from web.pages.looks import look_of
from web.pages.rendering import reader_of, render

LOOK_ALONE: Mapping[str, str] = {"script-src": "'none'", "connect-src": "'none'"}
MAIL_LOOK: Mapping[str, str] = {**LOOK_ALONE, "style-src": "'unsafe-inline'"}
"""A mail carries its styles in its text."""


async def draft_page(facts: PageFacts, request: Request) -> Response:
    """What the recipient would see. 404 for a link that is none, or over."""
    found = await _found(facts, request)
    if found is None:
        return _no_draft(request)
    preview, design, _ = found
    say = reader_of(request, timezone=preview.timezone)
    mail_link = f"/g/draft/{request.path_params['token']}/mail"
    look = look_of(preview.program)
    blanks = {**ticket_of(say, preview, design), "look": look, "mail_link": mail_link}
    return render("draft", say, blanks, csp={**LOOK_ALONE, **look.csp})


async def draft_mail(facts: PageFacts, request: Request) -> Response:
    """What the recipient would read, in the language of the sender, as it is for whoever we do not know."""
    found = await _found(facts, request)
    if found is None:
        return _no_draft(request)
    preview, design, locale = found
    link = f"/g/draft/{request.path_params['token']}"
    told = GiftFacts(
        sender_name=preview.sender_name,
        recipient_name=preview.recipient_name,
        message=preview.message,
        points=preview.points,
        value=preview.value,
        reward_name=preview.reward.name if preview.reward else None,
        point_names=point_names(preview.program),
        merchant_name=preview.program.merchant_name,
        claimable_until=preview.claimable_until,
        link=link,
        stop_link=link,
    )
    picture = Picture(design["url"], design["alt_text"]) if design else None
    mail = mails.gift(_templates(), translator(locale, preview.timezone), told, picture=picture)
    return HTMLResponse(mail.html, headers=page_headers(MAIL_LOOK))


@cache
def _templates() -> Templates:
    return load()


async def _found(facts: PageFacts, request: Request) -> tuple[Preview, dict[str, str] | None, str] | None:
    now = facts.clock()
    said = drafts.open_(facts.box(), request.path_params["token"], now=now)
    if said is None:
        return None
    async with facts.pool().acquire() as conn:
        preview = await gifts.show_draft(conn, Draft.from_facts(said), now=now)
        design = await design_of(conn, preview)
    return None if preview is None else (preview, design, str(said["locale"]))


def _no_draft(request: Request) -> Response:
    return render("no_draft", reader_of(request), {}, status=404, csp=LOOK_ALONE)
