"""What a program says of money as a gift and on gift cards: nothing of what it does not do, and every limit it has."""

from dataclasses import replace

import pytest

from schema.translations import LANGUAGES, translator
from wallet.rules import GiftRules, value_terms
from wallet.values import Minor

ALWAYS = ["term_value_pin", "term_value_never_expires"]


def codes(gifts: GiftRules, months: int | None = None) -> list[str]:
    return [phrase.code for phrase in value_terms(gifts, currency="INR", months=months)]


def test_the_usual_rules_say_all_their_limits() -> None:
    assert codes(GiftRules()) == [
        "term_value_gift",
        "term_value_per_day",
        "term_value_hold",
        "term_value_mailbox",
        *ALWAYS,
    ]


@pytest.mark.parametrize(
    "off",
    [
        GiftRules(value_max_minor=Minor(0)),
        GiftRules(value_per_day_minor=Minor(0)),
        GiftRules(per_day=0),
        GiftRules(recipients_per_day=0),
    ],
)
def test_where_no_money_can_be_sent_nothing_is_said_of_it(off: GiftRules) -> None:
    assert codes(off) == ALWAYS


def test_a_limit_that_no_gift_can_reach_is_not_said() -> None:
    gifts = GiftRules()
    most = gifts.value_max_minor

    assert "term_value_hold" not in codes(replace(gifts, value_hold_minor=most))
    assert "term_value_mailbox" not in codes(replace(gifts, value_mailbox_minor=most))


def test_how_long_money_lives_is_said_in_months() -> None:
    say = translator("en").say
    said = [say(list(value_terms(GiftRules(), currency="INR", months=months))[-1]) for months in (1, 60, None)]

    assert said == [
        "Money on a gift card can be spent for 1 month after some was last put on it.",
        "Money on a gift card can be spent for 60 months after some was last put on it.",
        "Money on a gift card does not expire.",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_can_be_said_in_every_language(language: str) -> None:
    for months in (None, 1, 60):
        for phrase in value_terms(GiftRules(), currency="INR", months=months):
            assert "{" not in translator(language).say(phrase)
