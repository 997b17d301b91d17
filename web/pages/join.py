"""The page of a program, which the code of its poster opens: what it gives, and the way to become a member."""

from starlette.requests import Request
from starlette.responses import Response

from schema.program import point_names
from wallet import programs
from web.invitations import invitation, told_first
from web.pages.facts import PageFacts
from web.pages.languages import languages
from web.pages.loading import Loading
from web.pages.looks import look_of
from web.pages.rendering import reader_of, render

TOLD_FIRST_MAX = 4


async def join_page(facts: PageFacts, request: Request) -> Response:
    """What the program is, for everybody; 404 for a name that no program has. Whether somebody is a member, the page
    asks with the session that its reader has.
    """
    found = await _program(facts, request.path_params["slug"])
    if found is None:
        return render("no_program", reader_of(request), {}, status=404)
    say = reader_of(request, timezone=found.timezone)
    names, look = point_names(found), look_of(found)
    loading = Loading.of("join", say)
    blanks = {
        "merchant": found.merchant_name,
        "program": found.name,
        "slug": found.slug,
        "invitation": say.say(invitation(found), names),
        "told": [say.say(term, names) for term in told_first(found, most=TOLD_FIRST_MAX)],
        "terms": [say.say(term, names) for term in found.terms()],
        "look": look,
        "languages": languages(say),
        "import_map": loading.import_map,
        "modules": loading.modules,
        "script": loading.script,
    }
    return render("join", say, blanks, csp=loading.policy(look.csp), indexed=True)


async def _program(facts: PageFacts, slug: str) -> programs.Program | None:
    if not programs.SLUG.fullmatch(slug):
        return None
    async with facts.pool().acquire() as conn:
        return await programs.find_by_slug(conn, slug=slug, now=facts.clock())
