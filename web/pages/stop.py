"""Where a mail leads whoever wants no such mail: a page that only shows, and one POST that does it.

The POST is also what mail programs send for a person who presses their own button (RFC 8058): it needs no cookie, no
page before it, and it answers without leading on.
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from auth import notice_links
from wallet import gifts
from web.pages.facts import PageFacts
from web.pages.gift import link_hash_of
from web.pages.rendering import reader_of, render

BUTTON_ALONE: Mapping[str, str] = {"script-src": "'none'", "form-action": "'self'"}
"""The forms that are sent without a script, so that mail can be stopped in any browser."""


async def stop_page(facts: PageFacts, request: Request) -> Response:
    """By GET the page, the same for every link. By POST the mailbox that the link went to gets no gift mail any more.

    What was never a link is answered like one: who holds none learns nothing.
    """
    done = request.method == "POST"
    if done:
        async with facts.pool().acquire() as conn, conn.transaction():
            await gifts.refuse_mail(conn, link_hash=link_hash_of(request.path_params["token"]), now=facts.clock())
    return render("stop", reader_of(request), {"done": done}, csp=BUTTON_ALONE)


async def stop_notices_page(facts: PageFacts, request: Request) -> Response:
    """By GET the page, the same for every link. By POST the customer that the link names gets no reminders any more."""
    done = request.method == "POST"
    if done:
        async with facts.pool().acquire() as conn, conn.transaction():
            await notice_links.stop_notices(
                conn, box=facts.box(), token=request.path_params["token"], now=facts.clock()
            )
    return render("stop_notices", reader_of(request), {"done": done}, csp=BUTTON_ALONE)
