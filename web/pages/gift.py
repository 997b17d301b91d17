"""The page that the mailed link of a gift opens. Looking at it changes nothing, however often, whoever looks."""

import hashlib
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from auth import links
from schema.gift_design import PATH
from schema.ids import GiftDesignKey, encode
from schema.program import point_names
from schema.translations import Translator
from wallet import gifts
from wallet.database import Conn
from wallet.gifts import designs
from web.mail.render import worth
from web.modules import modules_of
from web.pages.facts import PageFacts
from web.pages.looks import look_of
from web.pages.rendering import reader_of, render

CODE_SHOWN: Mapping[str, str] = {"img-src": "'self' data:"}
"""The code for the counter is a picture that the API gives to the script of the page. It never has an address."""
SCRIPT = "gift/gift.js"


async def gift_page(facts: PageFacts, request: Request) -> Response:
    """What the gift is and how to claim it; for every link that cannot be claimed, whyever, the same page with 404."""
    token = request.path_params["token"]
    async with facts.pool().acquire() as conn:
        preview = await gifts.preview(conn, link_hash=link_hash_of(token), now=facts.clock())
        design = await design_of(conn, preview)
    if preview is None:
        return no_gift(request)
    say = reader_of(request, timezone=preview.timezone)
    look = look_of(preview.program)
    blanks = {**ticket_of(say, preview, design), **scripts(), "look": look, "decline_link": f"/g/{token}/decline"}
    return render("gift", say, blanks, csp={**CODE_SHOWN, **look.csp})


def no_gift(request: Request) -> Response:
    """The one answer for every link that opens no gift."""
    return render("no_gift", reader_of(request), scripts(), status=404, csp=CODE_SHOWN)


def scripts() -> dict[str, object]:
    """What the page's template has to load."""
    return {"script": f"/static/{SCRIPT}", "modules": modules_of(SCRIPT)}


def ticket_of(say: Translator, preview: gifts.Preview, design: Mapping[str, str] | None) -> dict[str, object]:
    """All that the page shows of the gift itself."""
    return {
        **told_of(say, preview),
        "recipient": preview.recipient_name,
        "message": preview.message,
        "design": design,
        "program": preview.program.name,
        "until": say.date(preview.claimable_until),
    }


def told_of(say: Translator, preview: gifts.Preview) -> dict[str, object]:
    """Who sent what, from where."""
    return {
        "sender": preview.sender_name,
        "merchant": preview.program.merchant_name,
        **worth(
            say,
            points=preview.points,
            names=point_names(preview.program),
            value=preview.value,
            reward_name=preview.reward.name if preview.reward else None,
        ),
    }


async def design_of(conn: Conn, preview: gifts.Preview | None) -> dict[str, str] | None:
    """Where the gift's picture is, and what it says to whoever does not see it."""
    if preview is None or preview.design is None:
        return None
    key = preview.design
    found = (await designs.by_keys(conn, keys=[key]))[key]
    return {"url": f"{PATH}{encode(GiftDesignKey(key.merchant_id, key.design_id))}", "alt_text": found.alt_text}


def link_hash_of(token: str) -> bytes:
    """The link's hash. What was never a link has one too, that nothing is kept under: it takes the same statement."""
    return links.hash_of(token) or hashlib.sha256(token.encode(errors="replace")).digest()
