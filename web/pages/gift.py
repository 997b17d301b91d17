"""The page that the mailed link of a gift opens. Looking at it changes nothing, however often, whoever looks."""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from auth import links
from wallet import gifts
from web.pages.facts import PageFacts
from web.pages.rendering import reader_of, render


async def gift_page(facts: PageFacts, request: Request) -> Response:
    """What the gift is and how to claim it; for every link that cannot be claimed, whyever, the same page with 404."""
    async with facts.pool().acquire() as conn:
        preview = await gifts.preview(conn, link_hash=link_hash_of(request.path_params["token"]), now=facts.clock())
    if preview is None:
        return render("no_gift", reader_of(request), {}, status=404)
    say = reader_of(request, timezone=preview.timezone)
    program = preview.program
    unit = program.point_name if preview.points == 1 else program.point_name_plural
    number = say.number(preview.points)
    blanks: dict[str, object] = {
        "sender": preview.sender_name,
        "recipient": preview.recipient_name,
        "message": preview.message,
        "number": number,
        "unit": unit,
        "amount": f"{number} {unit}",
        "program": program.name,
        "merchant": program.merchant_name,
        "until": say.date(preview.claimable_until),
    }
    return render("gift", say, blanks)


def link_hash_of(token: str) -> bytes:
    """The link's hash. What was never a link has one too, that nothing is kept under: it takes the same statement."""
    return links.hash_of(token) or hashlib.sha256(token.encode(errors="replace")).digest()
