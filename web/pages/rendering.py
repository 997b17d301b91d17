"""Templates of pages, compiled once, said in the language that the browser asks for."""

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from schema.translations import DEFAULT, Translator, negotiate, translator
from web.pages.headers import page_headers


def reader_of(request: Request, *, timezone: str = "UTC") -> Translator:
    """Says things in the first language of Accept-Language that we speak, or English; hours are those of `timezone`."""
    return translator(negotiate(request.headers.get("accept-language")) or DEFAULT, timezone)


def render(
    template: str,
    say: Translator,
    facts: Mapping[str, object],
    *,
    status: int = 200,
    csp: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The page. Its facts are escaped; `csp` are the directives in which its policy differs from the strict one."""
    body = _ENVIRONMENT.get_template(f"{template}.html.jinja").render(facts, say=say)
    return HTMLResponse(body, status_code=status, headers={**page_headers(csp), "Vary": "Accept-Language"})


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
