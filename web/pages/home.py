"""The page that somebody finds who follows no link."""

from starlette.requests import Request
from starlette.responses import Response

from web.modules import modules_of
from web.pages.facts import PageFacts
from web.pages.languages import languages
from web.pages.rendering import reader_of, render

SCRIPT = "languages.js"


async def home_page(facts: PageFacts, request: Request) -> Response:
    """What this is, and the way on for everybody who may come here."""
    say = reader_of(request)
    blanks = {
        "demo": facts.demo,
        "explorer": facts.explorer,
        "languages": languages(say),
        "script": f"/static/{SCRIPT}",
        "modules": modules_of(SCRIPT),
    }
    return render("home", say, blanks)
