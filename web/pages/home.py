"""The page that somebody finds who follows no link."""

from starlette.requests import Request
from starlette.responses import Response

from web.pages.facts import PageFacts
from web.pages.rendering import reader_of, render


async def home_page(facts: PageFacts, request: Request) -> Response:
    """What this is, and where the demo is if it is one."""
    return render("home", reader_of(request), {"demo": facts.demo})
