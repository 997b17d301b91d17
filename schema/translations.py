"""What is said to a person, in their language: sentences from gettext catalogues, numbers, money and dates by Babel."""

import gettext
import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_currency, format_decimal

from schema.phrases import PHRASES
from wallet.values import Phrase

CATALOGUES = Path(__file__).parent / "locale"
DOMAIN = "messages"
LANGUAGES = ("en", "ml", "hi", "bn", "te", "th")
DEFAULT = "en"
NUMBERS_KEPT = 4_096
"""How many numbers, amounts and dates are remembered as they are written: a page of a history has hundreds of them,
mostly the same ones, and Babel takes its time over each."""

A_COMMON_YEAR = 2001

WISHES_MAX = 20
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")

# ISO 4217 (amendment 176): the currencies whose minor unit is not a hundredth.
DECIMALS: Mapping[str, int] = {
    "BIF": 0,
    "CLP": 0,
    "DJF": 0,
    "GNF": 0,
    "ISK": 0,
    "JPY": 0,
    "KMF": 0,
    "KRW": 0,
    "PYG": 0,
    "RWF": 0,
    "UGX": 0,
    "UYI": 0,
    "VND": 0,
    "VUV": 0,
    "XAF": 0,
    "XOF": 0,
    "XPF": 0,
    "BHD": 3,
    "IQD": 3,
    "JOD": 3,
    "KWD": 3,
    "LYD": 3,
    "OMR": 3,
    "TND": 3,
    "CLF": 4,
    "UYW": 4,
}


@dataclass(frozen=True, slots=True)
class PointNames:
    """What a program calls one point and several of them. These are the merchant's words and are not translated."""

    one: str
    many: str


@dataclass(frozen=True, slots=True)
class Amount:
    """So many points in a sentence: with what they are called, or, as `{points:bare}`, without."""

    named: str
    bare: str

    def __format__(self, form: str) -> str:
        return self.bare if form == "bare" else self.named


@dataclass(frozen=True, slots=True)
class Translator:
    """Says things in one language, with the numbers and dates of one region and the hours of one time zone."""

    locale: Locale
    catalogue: gettext.NullTranslations
    timezone: tzinfo

    @property
    def tag(self) -> str:
        """BCP 47, e.g. ml-IN."""
        return str(self.locale).replace("_", "-")

    def gettext(self, message: str) -> str:
        return self.catalogue.gettext(message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.catalogue.ngettext(singular, plural, number)

    def number(self, number: int) -> str:
        return _number(self.locale, number)

    def points(self, points: int, names: PointNames | None = None) -> str:
        """E.g. "1,200 beans"; without the program's names, "1,200 points" in the reader's language."""
        if names is None:
            return self.ngettext("{number} point", "{number} points", points).format(number=self.number(points))
        return f"{self.number(points)} {names.one if abs(points) == 1 else names.many}"

    def money(self, amount_minor: int, currency: str) -> str:
        """E.g. "₹12,34,567.50". A whole amount has no decimals; digits are grouped as in any number."""
        return _money(self.locale, amount_minor, currency)

    def date(self, moment: datetime) -> str:
        return _day(self.locale, moment.astimezone(self.timezone).date())

    def moment(self, moment: datetime) -> str:
        return format_datetime(moment, "medium", tzinfo=self.timezone, locale=self.locale)

    def say(self, phrase: Phrase, names: PointNames | None = None) -> str:
        """The phrase as a sentence. `names` are what the program at hand calls its points."""
        sentence = PHRASES[phrase.code]
        words = self.gettext(sentence.text)
        if sentence.plural is not None:
            number = phrase.facts[sentence.counts]
            assert isinstance(number, int), "what is counted is a number"
            words = self.ngettext(sentence.text, sentence.plural, number)
        return words.format_map(Facts(self, phrase.facts, names))

    def text(self, name: str, fact: str) -> str:
        """A fact that is text, as its name says: a moment, a day of every year ("12-31"), days of the week ("2,5")."""
        if name.endswith("_at"):
            return self.date(datetime.fromisoformat(fact))
        if name.endswith("_day"):
            return format_skeleton("MMMMd", date.fromisoformat(f"{A_COMMON_YEAR}-{fact}"), locale=self.locale)
        if name == "weekdays":
            return ", ".join(self.locale.days["stand-alone"]["wide"][int(day) - 1] for day in fact.split(","))
        return fact


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a phrase as they are said, each made when the sentence comes to it."""

    translator: Translator
    facts: Mapping[str, str | int]
    names: PointNames | None

    def __getitem__(self, name: str) -> str | Amount:
        say, fact = self.translator, self.facts[name]
        if isinstance(fact, str):
            return say.text(name, fact)
        if name.endswith("_minor"):
            return say.money(fact, str(self.facts["currency"]))
        if name == "points" or name.endswith("_points"):
            return Amount(say.points(fact, self.names), say.number(fact))
        return say.number(fact)


@lru_cache(maxsize=NUMBERS_KEPT)
def _number(locale: Locale, number: int) -> str:
    return format_decimal(number, locale=locale)


@lru_cache(maxsize=NUMBERS_KEPT)
def _money(locale: Locale, amount_minor: int, currency: str) -> str:
    decimals = DECIMALS.get(currency, 2)
    amount = Decimal(amount_minor).scaleb(-decimals)
    pattern = copy(locale.currency_formats["standard"])
    # Some locales' currency patterns group by thousands where their numbers group by lakhs: one sentence, one way.
    pattern.grouping = locale.decimal_formats[None].grouping
    shown = decimals if amount != amount.to_integral_value() else 0
    pattern.frac_prec = (shown, shown)
    return format_currency(amount, currency, pattern, locale=locale, currency_digits=False)


@lru_cache(maxsize=NUMBERS_KEPT)
def _day(locale: Locale, day: date) -> str:
    return format_date(day, "long", locale=locale)


@lru_cache(maxsize=512)
def translator(tag: str, timezone: str = "UTC") -> Translator:
    """The translator for a BCP 47 tag and an IANA time zone; English, and UTC, for one that is not known."""
    locale = _supported(tag) or Locale.parse(DEFAULT)
    return Translator(locale, _catalogue(locale.language), _zone(timezone))


def negotiate(accept_language: str | None) -> str | None:
    """The first tag of the header (RFC 9110 §12.5.4) that we speak, or None. Keeps the region: "hi-IN", not "hi"."""
    return _first_spoken(accept_language[:500]) if accept_language else None


@lru_cache(maxsize=512)
def _first_spoken(accept_language: str) -> str | None:
    for wish in _by_quality(accept_language):
        locale = _supported(wish)
        if locale is not None:
            return str(locale).replace("_", "-")
    return None


def _by_quality(header: str) -> Sequence[str]:
    wishes: list[tuple[float, str]] = []
    for item in header.split(",")[:WISHES_MAX]:
        tag, _, parameters = item.strip().partition(";")
        quality = re.fullmatch(r"\s*q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)\s*", parameters) if parameters else None
        weight = float(quality[1]) if quality else (0.0 if parameters else 1.0)
        if weight > 0:
            wishes.append((weight, tag.strip()))
    return [tag for _, tag in sorted(wishes, key=lambda wish: -wish[0])]


@lru_cache(maxsize=512)
def _supported(tag: str) -> Locale | None:
    if LANGUAGE_TAG.fullmatch(tag) is None or tag.split("-")[0].lower() not in LANGUAGES:
        return None
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(tag.split("-")[0].lower())


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """English is what the code says, so it has no catalogue."""
    if language == DEFAULT:
        return gettext.NullTranslations()
    try:
        return gettext.translation(DOMAIN, CATALOGUES, [language])
    except FileNotFoundError as error:
        raise RuntimeError("The catalogues are not compiled: run `python -m infra.messages --compile`.") from error
