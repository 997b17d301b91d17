from datetime import UTC, datetime

import pytest

from schema.translations import LANGUAGES, PointNames, negotiate, translator
from wallet.values import Phrase

BEANS = PointNames("bean", "beans")
EVENING = datetime(2026, 11, 22, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("hi-IN", "hi-IN"),
        ("ml", "ml"),
        ("HI-in", "hi-IN"),
        ("hi-IN,en;q=0.8", "hi-IN"),
        ("en;q=0.2, te-IN;q=0.9, bn;q=0.5", "te-IN"),
        ("de, fr;q=0.9, th;q=0.1", "th"),
        ("en-XX", "en"),
        ("en-Latn-IN", "en-IN"),
        ("bn-BD", "bn-BD"),
        ("hi;q=0, en", "en"),
        ("hi;q=1.5, en", "en"),
        ("hi;level=1, en", "en"),
        ("de", None),
        ("*", None),
        ("", None),
        (None, None),
        (",;q=,,", None),
        ("hi\u0000", None),
        ("हिन्दी", None),
        ("de," * 500 + "hi", None),
    ],
)
def test_the_best_language_that_we_speak_is_chosen(header: str | None, tag: str | None) -> None:
    assert negotiate(header) == tag


def test_a_language_that_nobody_speaks_is_english() -> None:
    for tag in ("de-DE", "", "x" * 1000, "ml-IN-x-private"):
        assert translator(tag).gettext("Member") in ("Member", translator("ml").gettext("Member"))
    assert translator("de-DE").tag == "en"


def test_each_language_says_it_in_its_own_words() -> None:
    said = {translator(language).say(Phrase("code_invalid")) for language in LANGUAGES}
    assert len(said) == len(LANGUAGES) == 6


@pytest.mark.parametrize(
    ("tag", "amount", "currency", "written"),
    [
        ("en", 123_456_789, "INR", "₹1,234,567.89"),
        ("en-IN", 123_456_789, "INR", "₹12,34,567.89"),
        ("ml-IN", 123_456_789, "INR", "₹12,34,567.89"),
        ("hi-IN", 123_456_789, "INR", "₹12,34,567.89"),
        ("bn-IN", 123_456_789, "INR", "₹12,34,567.89"),
        ("te-IN", 123_456_789, "INR", "₹12,34,567.89"),
        ("th-TH", 123_456_789, "INR", "₹1,234,567.89"),
        ("en-IN", 10_000, "INR", "₹100"),
        ("en-IN", 10_050, "INR", "₹100.50"),
        ("en-IN", 5, "INR", "₹0.05"),
        ("en-IN", 0, "INR", "₹0"),
        ("th-TH", 25_000, "THB", "฿250"),
        ("en", 500, "JPY", "¥500"),
        ("en", 1_234, "KWD", "KWD\u00a01.234"),
    ],
)
def test_money_is_written_in_the_readers_grouping(tag: str, amount: int, currency: str, written: str) -> None:
    assert translator(tag).money(amount, currency).replace("KWD1", "KWD\u00a01") == written


def test_what_is_written_for_one_reader_is_not_shown_to_another() -> None:
    readers = [translator("en"), translator("en-IN"), translator("th-TH"), translator("en-IN", "Asia/Kolkata")]
    for _ in range(2):
        assert [say.number(123_456) for say in readers] == ["123,456", "1,23,456", "123,456", "1,23,456"]
        assert [say.money(12_345_600, "INR") for say in readers] == ["₹123,456", "₹1,23,456", "₹123,456", "₹1,23,456"]
        assert [say.money(12_345_600, "JPY").strip("JP¥") for say in readers[:2]] == ["12,345,600", "1,23,45,600"]
        assert [say.date(EVENING) for say in readers] == [
            "November 22, 2026",
            "22 November 2026",
            "22 พฤศจิกายน ค.ศ. 2026",
            "23 November 2026",
        ]


def test_facts_that_a_sentence_does_not_name_are_not_looked_at() -> None:
    facts: dict[str, str | int] = {"recipient": "Ben", "amount_minor": 500, "sent_at": "no moment"}
    assert translator("en").say(Phrase("gift_sent", facts)) == "A gift to Ben."


def test_points_have_the_programs_own_name() -> None:
    assert [translator("en-IN").points(points, BEANS) for points in (0, 1, 2, 123_456, -1)] == [
        "0 beans",
        "1 bean",
        "2 beans",
        "1,23,456 beans",
        "-1 bean",
    ]


def test_points_of_no_program_at_hand_are_points_in_the_readers_language() -> None:
    assert [translator("en").points(points) for points in (0, 1, 2)] == ["0 points", "1 point", "2 points"]
    assert [translator("te").points(points) for points in (0, 1, 2)] == ["0 పాయింట్లు", "1 పాయింట్", "2 పాయింట్లు"]
    assert translator("th").points(1_234) == "1,234 คะแนน"


def test_a_number_chooses_the_form_of_its_sentence() -> None:
    def days(number: int, tag: str) -> str:
        return translator(tag).say(Phrase("term_gift_return", {"days": number}))

    assert days(1, "en") == "A gift that nobody claims comes back to you after 1 day."
    assert days(30, "en") == "A gift that nobody claims comes back to you after 30 days."
    assert "1 రోజు " in days(1, "te")
    assert "30 రోజుల " in days(30, "te")
    assert "0 రోజుల " in days(0, "te")


def test_dates_are_those_of_the_place() -> None:
    phrase = Phrase("pending_until", {"active_at": EVENING.isoformat()})
    assert translator("en-IN").say(phrase) == "You can spend them from 22 November 2026 on."
    assert translator("en-IN", "Asia/Kolkata").say(phrase) == "You can spend them from 23 November 2026 on."
    assert translator("en-IN", "No/Such_Zone").say(phrase) == translator("en-IN").say(phrase)
    assert "2026" in translator("ml-IN", "Asia/Kolkata").date(EVENING)
    assert translator("en-IN", "Asia/Kolkata").moment(EVENING).endswith("1:45:00\u202fam")


def test_what_a_person_wrote_is_never_taken_for_a_pattern() -> None:
    said = translator("en").say(Phrase("gift_sent", {"recipient": "{points} %(x)s {0}"}))
    assert said == "A gift to {points} %(x)s {0}."


def test_a_fact_may_stand_without_the_name_of_the_points() -> None:
    facts: dict[str, str | int] = {"points": 10, "per_minor": 10_000, "currency": "INR"}
    assert translator("en-IN").say(Phrase("by_rule", facts), BEANS) == "The rule: 10 for every ₹100."
    assert translator("en-IN").say(Phrase("term_earn", facts), BEANS) == "You get 10 beans for every ₹100 you spend."
