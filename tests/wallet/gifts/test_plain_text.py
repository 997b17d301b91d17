"""What a sender may write: words in any language, and nothing that leads anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.gifts.plain_text import clean, clean_name, has_link, is_plain, over_long, sender_name

LINKS = [
    "see http://x",
    "HTTPS://Evil",
    "go to example.com now",
    "Ｅｘａｍｐｌｅ．ｃｏｍ",
    "example。com",
    "example․com",
    "example．com",
    "example·com/x",
    "exa\u200bmple.com",
    "exa\u00admple\u2060.\u200ecom",
    "e\u0301xample.com",
    "example.co\u0301m",
    "𝐞𝐱𝐚𝐦𝐩𝐥𝐞.𝐜𝐨𝐦",
    "ⓔxample.ⓒⓞⓜ",
    "www.foo",
    "www . foo",
    "example .com",
    "example[.]com",
    "example (dot) com",
    "example dot com",
    "mailto:x",
    "tel:123",
    "javascript:alert(1)",
    "upi://pay",
    "1.2.3.4",
    "a@example.org",
    "a (at) b . c",
    "xn--e1afmkfd",
    "bit.ly/x",
    "пример.рф",
    "उदाहरण.भारत",
    "ഉദാഹരണം.ഭാരതം",
    "ตัวอย่าง.ไทย",
    "thanks.call me",
]

PLAIN = [
    "Happy birthday! Have a coffee on me.",
    "It is 3.50 today, 22.11.2026 at 10.30.",
    "Wait...what? Well… ok.",
    "Dr. Asha K. Nair",
    "നന്ദി. സ്നേഹം!",
    "ধন্যবাদ।ভালো থেকো",
    "धन्यवाद। शुभ जन्मदिन",
    "మీకు ధన్యవాదాలు. శుభాకాంక్షలు",
    "สุขสันต์วันเกิด",
    "谢谢。我爱你",
    "e.g. a cake, at 9 a.m.",
    "Hi :) <3 ❤️ 👩‍👩‍👧",
    "50% off / 1:1, meet @ noon",
    "version 1.2.3",
    "I love the dot in your i",
]


@pytest.mark.parametrize("text", LINKS)
def test_whatever_looks_like_an_address_is_found(text: str) -> None:
    assert has_link(clean(text))
    assert has_link(f"Look here: {text}\nbye")


@pytest.mark.parametrize("text", PLAIN)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert not has_link(clean(text))
    assert is_plain(clean(text), lines=True)


@given(st.from_regex(r"[a-z0-9]{1,10}\.(com|in|org|shop|co\.uk)", fullmatch=True), st.data())
def test_domain_is_found_whatever_is_hidden_in_it(domain: str, data: st.DataObject) -> None:
    unseen = st.text(alphabet="\u200b\u200c\u200d\u2060\ufeff\u00ad\u0301\u0335\u034f\u202e", max_size=2)
    disguised = "".join(character + data.draw(unseen) for character in domain)

    assert has_link(clean(disguised))


@given(st.text(max_size=300))
def test_cleaning_twice_is_cleaning_once_and_judging_never_fails(text: str) -> None:
    once = clean(text)

    assert clean(once) == once
    assert isinstance(has_link(once), bool)
    assert isinstance(is_plain(once, lines=True), bool)


def test_cleaning_keeps_what_is_seen_and_shapes_it() -> None:
    assert clean("  a\tb\r\nc\u2028d\x0be ") == "a b\nc\nd\ne"
    assert clean("क्\u200dष 👩\u200d👧") == "क्\u200dष 👩\u200d👧"
    assert clean("x\u202egpj.exe\u202c\ufeff") == "xgpj.exe"
    assert clean("e\u0301") == "é"


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x85\x9b", "\ud800", "\ue000"])
def test_control_characters_and_half_characters_are_not_plain(character: str) -> None:
    assert not is_plain(clean(f"a{character}b").replace("\n", ""), lines=True)


def test_line_break_is_plain_only_where_lines_are_allowed() -> None:
    assert is_plain("a\nb", lines=True)
    assert not is_plain("a\nb", lines=False)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("K.R.Meera", "K. R. Meera"), ("Dr.Rao", "Dr. Rao"), ("കെ.ആർ.മീര", "കെ. ആർ. മീര"), ("J.P.", "J. P.")],
)
def test_initials_are_no_domain(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept
    assert not has_link(kept)


def test_domain_stays_one_in_a_name() -> None:
    assert has_link(clean_name("evil.com"))


@pytest.mark.parametrize(
    ("name", "email", "shown"),
    [
        ("Meera Nair", "m@example.com", "Meera Nair"),
        ("K.R.Meera", "m@example.com", "K. R. Meera"),
        (None, "john.smith@example.com", "John Smith"),
        ("  ", "asha_nair+gifts@example.com", "Asha Nair"),
        (None, "अनिल@example.com", "अनिल"),
        ("visit evil.com", "m@example.com", "visit evil com"),
        ("https://evil", "m@example.com", "https evil"),
        ("a\x00b", "m@example.com", "a b"),
        (None, "...@example.com", "..."),
        ("x" * 200, "m@example.com", "x" * 80),
    ],
)
def test_sender_is_named_and_the_name_leads_nowhere(name: str | None, email: str, shown: str) -> None:
    assert sender_name(name, email) == shown
    assert not has_link(shown)
    assert "@" not in shown


def test_text_is_over_long_from_the_first_character_after_four_times_what_may_be_kept() -> None:
    assert not over_long("a\u0301" * 160, most=80)
    assert over_long("a." * 160 + "a", most=80)
