import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth import emails
from auth.emails import Address
from wallet.errors import InvalidInput, Problem
from wallet.values import Phrase


@pytest.mark.parametrize(
    ("typed", "text", "key"),
    [
        ("asha@example.com", "asha@example.com", "asha@example.com"),
        ("  Asha.K@Example.COM\n", "Asha.K@example.com", "asha.k@example.com"),
        ("asha+shop@regulars.test", "asha+shop@regulars.test", "asha+shop@regulars.test"),
        ("asha@shop.example", "asha@shop.example", "asha@shop.example"),
        ("ÉLAN@example.com", "ÉLAN@example.com", "élan@example.com"),
        ("e\u0301lan@example.com", "élan@example.com", "élan@example.com"),
        ("മിനി@ഉദാഹരണം.com", "മിനി@ഉദാഹരണം.com", "മിനി@xn--rvcn2fl4cxc8a.com"),
        ("asha@xn--fa-hia.de", "asha@faß.de", "asha@xn--fa-hia.de"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_an_address_is_normalised(typed: str, text: str, key: str) -> None:
    assert emails.normalise(typed, field="email") == Address(text, key)


@pytest.mark.parametrize("spelling", ["ASHA@EXAMPLE.COM", "Asha@example.com", "asha@Example.Com"])
def test_spellings_of_one_mailbox_have_one_key(spelling: str) -> None:
    assert emails.normalise(spelling, field="email").key == "asha@example.com"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ſam@example.com", "sam@example.com"),
        ("weiß@example.com", "weiss@example.com"),
        ("İda@example.com", "ida@example.com"),
        ("ﬁn@example.com", "fin@example.com"),
        ("asha@faß.de", "asha@fass.de"),
    ],
)
def test_mailboxes_that_may_be_two_people_never_share_a_key(one: str, other: str) -> None:
    assert emails.normalise(one, field="email").key != emails.normalise(other, field="email").key


@pytest.mark.parametrize(
    "typed",
    ["", "asha", "asha@", "@example.com", "a b@example.com", "asha@example", "asha@localhost", "asha@x.invalid",
     "<asha@example.com>", "Asha <asha@example.com>", "asha@[127.0.0.1]", '"a b"@example.com', "a\x00@example.com",
     "a\ud800@example.com", "asha@example.com\r\nBcc: x@example.com", "a@b@example.com", "a" * 65 + "@example.com"],
)  # fmt: skip
def test_what_is_no_address_is_refused_naming_the_field(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        emails.normalise(typed, field="recipientEmail")
    assert refused.value.problems == (Problem("recipientEmail", Phrase("email_invalid")),)


def test_a_longer_address_than_can_be_kept_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        emails.normalise("a" * 250 + "@example.com", field="email")
    assert refused.value.problems == (Problem("email", Phrase("too_long", {"most": 254})),)


def test_an_address_too_long_for_the_domain_in_ascii_is_refused() -> None:
    typed = "é" * 32 + "@" + "é." * 30 + "com"  # as punycode each é is seven characters
    with pytest.raises(InvalidInput):
        emails.normalise(typed, field="email")


def test_the_longest_address_there_is_fits_folded_too() -> None:
    typed = "İ" * 32 + "@" + ".".join(["b" * 46] * 4)[:189]
    address = emails.normalise(typed, field="email")
    assert (len(typed.encode()), len(address.key)) == (252, 252)


@given(st.one_of(st.text(), st.emails(), st.builds("{}@{}".format, st.text(max_size=20), st.text(max_size=20))))
def test_any_text_is_an_address_that_fits_or_is_refused(typed: str) -> None:
    try:
        address = emails.normalise(typed, field="email")
    except InvalidInput:
        return
    assert 3 <= len(address.text) <= 254
    assert 3 <= len(address.key) <= 254
    assert emails.normalise(address.text, field="email") == address
