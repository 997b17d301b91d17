"""The templates of the mails, read and compiled once. MJML becomes HTML first; what is said is filled in after."""

from dataclasses import dataclass
from gettext import NullTranslations
from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from mjml import mjml2html

MAILS = ("sign_in", "gift", "gift_news", "enrolment", "expiring", "dispute", "refund_failed")

NO_WEB_FONTS: dict[str, str] = {}
"""MJML would load the fonts that it knows from their maker's server, which would then see who reads which mail."""

FOLDER = files("web.mail")


@dataclass(frozen=True, slots=True)
class Templates:
    """Every mail as HTML and as text, ready to be filled."""

    environment: Environment

    def fill(self, name: str, *, words: NullTranslations, facts: dict[str, object]) -> str:
        """The template with its sentences from `words` and its blanks from `facts`, escaped where it is HTML."""
        return self.environment.get_template(name).render(facts, words=words)


def load() -> Templates:
    """All templates, compiled. Raises ValueError for MJML that is none, TemplateSyntaxError for a broken blank."""
    sources: dict[str, str] = {}
    for mail in MAILS:
        sources[f"{mail}.html"] = mjml2html(_read(f"{mail}.mjml.jinja"), include_loader=_read, fonts=NO_WEB_FONTS)
        sources[f"{mail}.txt"] = _read(f"{mail}.txt.jinja")
    environment = Environment(
        loader=DictLoader(sources),
        extensions=["jinja2.ext.i18n"],
        autoescape=select_autoescape(disabled_extensions=["txt"], default=True),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    # The catalogue is one of the blanks, so that one environment serves every language.
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]  # i18n's own
    for name in sources:
        environment.get_template(name)
    return Templates(environment)


def _read(path: str) -> str:
    return (FOLDER / path).read_text(encoding="utf-8")


@pass_context
def _gettext(context: Context, message: str) -> str:
    words: NullTranslations = context["words"]
    return words.gettext(message)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, count: int) -> str:
    words: NullTranslations = context["words"]
    return words.ngettext(singular, plural, count)
