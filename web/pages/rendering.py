"""Templates of pages, compiled once, said in the language that the browser asks for."""

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from schema.translations import DEFAULT, Translator, negotiate, translator
from web.pages.headers import page_headers

CHOSEN_LANGUAGE = "regulars-language"
"""The cookie in which a browser keeps the language that was chosen on a page: a BCP 47 tag, and no secret."""


def reader_of(request: Request, *, timezone: str = "UTC") -> Translator:
    """Says things in the language that was chosen on a page, else the first of Accept-Language, else English.

    Hours are those of `timezone`.
    """
    chosen = negotiate(request.cookies.get(CHOSEN_LANGUAGE))
    return translator(chosen or negotiate(request.headers.get("accept-language")) or DEFAULT, timezone)


def render(
    template: str,
    say: Translator,
    facts: Mapping[str, object],
    *,
    status: int = 200,
    csp: Mapping[str, str] | None = None,
    features: Mapping[str, str] | None = None,
    indexed: bool = False,
) -> HTMLResponse:
    """The page. Its facts are escaped; `csp` and `features` are in what its policies differ from the strict ones.

    `indexed` is whether search engines may show it.
    """
    body = _ENVIRONMENT.get_template(f"{template}.html.jinja").render(facts, say=say)
    headers = {**page_headers(csp, features), "Vary": "Accept-Language, Cookie"}
    if indexed:
        del headers["X-Robots-Tag"]
    return HTMLResponse(body, status_code=status, headers=headers)


def slot(name: str) -> Markup:
    """A place in a sentence that a script fills in, as text."""
    return Markup('<bdi data-slot="{}"></bdi>').format(name)


@pass_context
def _gettext(context: Context, message: str) -> str:
    say: Translator = context["say"]
    return say.gettext(message)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, count: int) -> str:
    say: Translator = context["say"]
    return say.ngettext(singular, plural, count)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("web.pages", ""),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    # The reader is one of the facts, so that one environment serves every language.
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]  # i18n's own
    environment.globals["slot"] = slot
    return environment


_ENVIRONMENT = _environment()
