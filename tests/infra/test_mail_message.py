"""The message that is put together: both forms of it, addressed, and no header opened from outside."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.mail.message import Recipient, Sender, build, mailable, one_line
from schema.translations import LANGUAGES, translator
from web.mail.render import RenderedMail

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MAIL = RenderedMail(subject="A gift", text="Hello\nജന്മദിനാശംസകൾ\n", html="<p>Hello</p>\n", language="ml-IN")
SENDER = Sender("hello@shop.example", "Regulars")


def built(
    mail: RenderedMail = MAIL,
    *,
    sender: Sender = SENDER,
    from_name: str = "Bean There",
    recipient: Recipient | None = None,
    unsubscribe_url: str | None = None,
) -> EmailMessage:
    """The message as a receiver parses it, after it has been bytes."""
    message = build(
        mail,
        sender=sender,
        from_name=from_name,
        recipient=recipient or Recipient("ravi@example.com", "Ravi"),
        message_id="gift.1",
        unsubscribe_url=unsubscribe_url,
        now=NOW,
    )
    raw = message.as_bytes()
    assert raw.isascii()
    return message_from_bytes(raw, _class=EmailMessage, policy=policy.default)


def test_message_has_text_and_html_as_alternatives_in_this_order() -> None:
    message = built()

    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    text, html = message.get_body(["plain"]), message.get_body(["html"])
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == MAIL.text.splitlines()
    assert html.get_content().splitlines() == MAIL.html.splitlines()


def test_headers_say_who_to_whom_when_and_that_no_person_wrote_it() -> None:
    message = built()

    assert message["From"] == "Bean There <hello@shop.example>"
    assert message["To"] == "Ravi <ravi@example.com>"
    assert message["Subject"] == "A gift"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == "<gift.1@shop.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "ml-IN"
    assert message["Reply-To"] is None
    assert message["List-Unsubscribe"] is None


def test_answers_and_refusals_go_where_the_settings_say() -> None:
    message = built(
        sender=Sender("hello@shop.example", "Regulars", reply_to="desk@shop.example"),
        unsubscribe_url="https://shop.example/g/abc/stop",
    )

    assert message["Reply-To"] == "desk@shop.example"
    assert message["List-Unsubscribe"] == "<https://shop.example/g/abc/stop>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_text_opens_a_header(subject: str, from_name: str, to_name: str) -> None:
    attack = "x\r\nBcc: victim@example.com\r\n\r\nbody"
    message = built(
        RenderedMail(subject + attack, "t", "h", "en"),
        from_name=from_name + attack,
        recipient=Recipient("ravi@example.com", to_name + attack),
    )

    assert message["Bcc"] is None
    assert len(message["To"].addresses) == len(message["From"].addresses) == 1
    assert message["To"].addresses[0].addr_spec == "ravi@example.com"
    assert message["From"].addresses[0].addr_spec == "hello@shop.example"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    "address", ["a@example.com\r\nBcc: b@example.com", "a@b> <c", "a@", "@example.com", "a b", "a\n@b"]
)
def test_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError):
        built(recipient=Recipient(address))


def test_domain_is_written_in_the_form_that_mail_is_routed_by() -> None:
    assert mailable("ravi@bücher.example") == "ravi@xn--bcher-kva.example"
    assert mailable("രവി@example.com") == "രവി@example.com"
    assert built(recipient=Recipient("ravi@bücher.example"))["To"].addresses[0].domain == "xn--bcher-kva.example"


def test_one_line_keeps_the_words() -> None:
    assert one_line(" a\r\n\tb\x00c\u2028d  e ") == "a b c d e"


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != "en"])
@pytest.mark.parametrize("name", ["Ravi", "രവി ശങ്കർ നമ്പൂതിരിപ്പാട്", "K. R. Meera"])
def test_subject_of_other_letters_keeps_its_spaces_on_the_way(language: str, name: str) -> None:
    subject = translator(language).gettext("{recipient} has not claimed your gift yet").format(recipient=name)
    mail = RenderedMail(subject=subject, text="Words", html="<p>Words</p>", language=language)

    message = build(
        mail, sender=SENDER, from_name="Shop", recipient=Recipient("a@example.com"), message_id="x", now=NOW
    )

    # as aiosmtplib writes it, and as a mail program reads it
    written = message.as_bytes(policy=policy.SMTP)
    head = written.partition(b"\r\n\r\n")[0]
    assert max(len(line) for line in head.split(b"\r\n")) <= 78
    assert str(make_header(decode_header(message_from_bytes(written)["Subject"]))) == subject
    assert message_from_bytes(written, policy=policy.default)["Subject"] == subject
