"""Saying no to a gift without scripts: a page that only shows, and one POST that does it. Nobody has to sign in."""

from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from wallet import gifts
from wallet.errors import GiftNotClaimable
from web.pages.facts import PageFacts
from web.pages.gift import link_hash_of, no_gift, told_of
from web.pages.looks import look_of
from web.pages.rendering import reader_of, render

BUTTON_ALONE: Mapping[str, str] = {"script-src": "'none'", "form-action": "'self'"}


async def decline_page(facts: PageFacts, request: Request) -> Response:
    """By GET what would be declined, and by POST it is: the gift goes back to its sender.

    Every link that opens no gift is answered as the gift's own page answers it, except that a POST that is repeated
    gets its answer again.
    """
    token = request.path_params["token"]
    link_hash = link_hash_of(token)
    if request.method == "POST":
        return await _decline(facts, request, link_hash)
    async with facts.pool().acquire() as conn:
        preview = await gifts.preview(conn, link_hash=link_hash, now=facts.clock())
    if preview is None:
        return no_gift(request)
    say = reader_of(request, timezone=preview.timezone)
    look = look_of(preview.program)
    blanks = {**told_of(say, preview), "look": look, "done": False, "gift_link": f"/g/{token}"}
    return render("decline", say, blanks, csp={**BUTTON_ALONE, **look.csp})


async def _decline(facts: PageFacts, request: Request, link_hash: bytes) -> Response:
    # A browser sends a form again when its page is loaded again: the link makes the key, so that it is done once.
    key = UUID(bytes=link_hash[:16], version=4)
    try:
        async with facts.pool().acquire() as conn, conn.transaction():
            declined = await gifts.decline(conn, link_hash=link_hash, idempotency_key=key, now=facts.clock())
    except GiftNotClaimable:
        return no_gift(request)
    if not declined.replayed:
        facts.publish(declined.merchant_id, declined.sender_card_id)
    blanks = {"done": True, "sender": declined.sender_name, "merchant": ""}
    return render("decline", reader_of(request), blanks, csp=BUTTON_ALONE)
