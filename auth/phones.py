"""Telephone numbers: what people type, made into E.164, the one spelling that ITU-T gives every number in the world.

A number with its country's code is taken at its word. One without it is read as the shop's country writes its mobile
numbers, where that is known here for certain; elsewhere it is asked for with the code. A guess that is wrong would give
two people one card. The numbering plans are those that the countries publish with ITU-T under Recommendation E.129.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from wallet.errors import InvalidInput
from wallet.stores import country_of

TYPED_MAX = 40

LEFT_OUT = re.compile(r"[\s().\-/\u2010-\u2015\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069]+")
"""Blanks, brackets, dots, dashes, and the invisible signs of direction that come along when a number is copied."""

TRUNK_IN_BRACKETS = re.compile(r"\(\s*0\s*\)")
"""`+44 (0)20 …`: the zero is for callers within the country, so no part of the international number."""

INTERNATIONAL = re.compile(r"\+([1-9][0-9]{6,14})")


@dataclass(frozen=True, slots=True)
class Plan:
    """How a country writes its mobile numbers: behind the `trunk` within it, behind `+code` everywhere."""

    code: str
    trunk: str
    mobile: re.Pattern[str]


def _plan(code: str, trunk: str, mobile: str) -> Plan:
    return Plan(code, trunk, re.compile(mobile))


PLANS: Mapping[str, Plan] = {
    "AE": _plan("971", "0", "5[0-9]{8}"),
    "AU": _plan("61", "0", "4[0-9]{8}"),
    "BD": _plan("880", "0", "1[3-9][0-9]{8}"),
    "BH": _plan("973", "", "[36][0-9]{7}"),
    "CA": _plan("1", "1", "[2-9][0-9]{9}"),
    "DE": _plan("49", "0", "1[5-7][0-9]{8,9}"),
    "ES": _plan("34", "", "[67][0-9]{8}"),
    "FR": _plan("33", "0", "[67][0-9]{8}"),
    "GB": _plan("44", "0", "7[0-9]{9}"),
    "IE": _plan("353", "0", "8[0-9]{8}"),
    "IN": _plan("91", "0", "[6-9][0-9]{9}"),
    "IT": _plan("39", "", "3[0-9]{8,9}"),
    "KW": _plan("965", "", "[4569][0-9]{7}"),
    "LK": _plan("94", "0", "7[0-9]{8}"),
    "MY": _plan("60", "0", "1[0-9]{8,9}"),
    "NL": _plan("31", "0", "6[0-9]{8}"),
    "NP": _plan("977", "0", "9[0-9]{9}"),
    "NZ": _plan("64", "0", "2[0-9]{7,9}"),
    "OM": _plan("968", "", "[79][0-9]{7}"),
    "PK": _plan("92", "0", "3[0-9]{9}"),
    "QA": _plan("974", "", "[3567][0-9]{7}"),
    "SA": _plan("966", "0", "5[0-9]{8}"),
    "SG": _plan("65", "", "[89][0-9]{7}"),
    "TH": _plan("66", "0", "[689][0-9]{8}"),
    "US": _plan("1", "1", "[2-9][0-9]{9}"),
}
"""By country (ISO 3166-1). A number that fits cannot be meant for another one."""


def normalise(typed: str, *, locale: str, field: str) -> str:
    """The number that somebody typed as E.164 (`+919847012345`), in digits of any script, however it is spaced.

    `locale` is the shop's: its country is where a number without a country's code belongs. Raises InvalidInput naming
    `field`: phone_invalid, and phone_needs_country where the country's own way of writing is not known.
    """
    if len(typed) > TYPED_MAX:
        raise InvalidInput.of(field, "phone_invalid")
    plan = PLANS.get(country_of(locale) or "")
    text = LEFT_OUT.sub("", TRUNK_IN_BRACKETS.sub("", _in_ascii_digits(typed)))
    if found := INTERNATIONAL.fullmatch(text):
        return "+" + _without_trunk(found[1])
    if plan is not None and (national := _national(plan, text)):
        return f"+{plan.code}{national}"
    raise InvalidInput.of(field, "phone_invalid" if plan or not text.isdigit() else "phone_needs_country")


def _national(plan: Plan, text: str) -> str | None:
    """What follows the country's code, whether the trunk was typed or not."""
    return next((rest for rest in (text, text.removeprefix(plan.trunk)) if plan.mobile.fullmatch(rest)), None)


def _without_trunk(number: str) -> str:
    """The trunk that some write behind the country's code left out, where no number of the country begins like it."""
    for plan in PLANS.values():
        rest = number.removeprefix(plan.code)
        if plan.trunk and number.startswith(plan.code) and rest.startswith(plan.trunk):
            return plan.code + rest.removeprefix(plan.trunk)
    return number


def _in_ascii_digits(text: str) -> str:
    """The text with digits of every script, full-width ones too, as 0 to 9, and every plus as `+`."""
    return "".join("+" if c in "\uff0b\ufe62" else str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
