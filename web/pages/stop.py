"""Where the mail of a gift leads whoever wants no such mail: a page that only shows, and one POST that does it.

The POST is also what mail programs send for a person who presses their own button (RFC 8058): it needs no cookie, no
page before it, and it answers without leading on.
"""

from starlette.requests import Request
from starlette.responses import Response

from wallet import gifts
from web.pages.facts import PageFacts
from web.pages.gift import link_hash_of
from web.pages.rendering import reader_of, render


async def stop_page(facts: PageFacts, request: Request) -> Response:
    """By GET the page, the same for every link. By POST the mailbox that the link went to gets no gift mail any more.

    What was never a link is answered like one: who holds none learns nothing.
    """
    done = request.method == "POST"
    if done:
        async with facts.pool().acquire() as conn, conn.transaction():
            await gifts.refuse_mail(conn, link_hash=link_hash_of(request.path_params["token"]), now=facts.clock())
    # The one form that is sent without a script, so that mail can be stopped in any browser.
    return render("stop", reader_of(request), {"done": done}, csp={"script-src": "'none'", "form-action": "'self'"})
