"""What a mail server says, over real SMTP, and what we make of it."""

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from infra.mail import smtp
from infra.mail.message import Recipient, Sender, build
from infra.mail.smtp import Accepted, Deferred, Outcome, Refused, Relay, judge
from tests.infra.relays import Manners, nobody, serving, silent
from wallet.gifts import DeliveryProblem
from web.mail.render import RenderedMail

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def message_to(address: str) -> EmailMessage:
    return build(
        RenderedMail("Grüße", "Hello ജന്മദിനാശംസകൾ\n.\n..\n", "<p>Hello</p>", "en"),
        sender=Sender("hello@shop.example", "Regulars"),
        from_name="Bean There",
        recipient=Recipient(address),
        message_id="test.1",
        now=NOW,
    )


async def send(relay: Relay, to: str = "ravi@example.com") -> Outcome:
    return await smtp.send(relay, message_to(to), sender="bounces@shop.example", recipient=to)


async def test_message_arrives_as_it_was_written() -> None:
    manners = Manners()
    async with serving(manners) as relay:
        assert await send(relay) == Accepted()

    [message] = manners.taken
    text = message.get_body(["plain"])
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == "Hello ജന്മദിനാശംസകൾ\n.\n..\n"
    assert message["Subject"] == "Grüße"
    assert (manners.senders, manners.recipients) == (["bounces@shop.example"], ["ravi@example.com"])


@pytest.mark.parametrize(
    ("reply", "problem", "hard"),
    [
        ("550 5.1.1 <ravi@example.com>: no such user", DeliveryProblem.MAILBOX_UNKNOWN, True),
        ("550 5.1.10 null MX", DeliveryProblem.DOMAIN_UNKNOWN, True),
        ("550 5.1.2 bad destination system", DeliveryProblem.DOMAIN_UNKNOWN, True),
        ("550 5.2.1 mailbox disabled", DeliveryProblem.MAILBOX_CLOSED, True),
        ("552 5.2.2 mailbox full", DeliveryProblem.MAILBOX_FULL, False),
        ("550 5.7.1 blocked by policy", DeliveryProblem.BLOCKED, False),
        ("554 5.5.0 something else", DeliveryProblem.REFUSED, False),
        ("550 no such user here", DeliveryProblem.MAILBOX_UNKNOWN, False),
        ("552 over quota", DeliveryProblem.MAILBOX_FULL, False),
        ("556 domain does not accept mail", DeliveryProblem.DOMAIN_UNKNOWN, False),
        ("554 no", DeliveryProblem.REFUSED, False),
    ],
)
async def test_refused_recipient_is_a_problem_with_a_name_and_certain_or_not(
    reply: str, problem: DeliveryProblem, hard: bool
) -> None:
    manners = Manners(at_rcpt=reply)
    async with serving(manners) as relay:
        assert await send(relay) == Refused(problem, hard=hard)
    assert manners.taken == []


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ("554 5.7.1 spam", DeliveryProblem.BLOCKED),
        ("552 5.2.2 mailbox full", DeliveryProblem.MAILBOX_FULL),
        ("550 looks like spam", DeliveryProblem.REFUSED),
    ],
)
async def test_refused_message_is_a_problem_too(reply: str, problem: DeliveryProblem) -> None:
    async with serving(Manners(at_data=reply)) as relay:
        assert await send(relay) == Refused(problem)


@pytest.mark.parametrize(
    ("manners", "reason"),
    [
        (Manners(at_rcpt="452 4.2.2 mailbox full for now"), "RCPT 452"),
        (Manners(at_rcpt="450 4.7.1 greylisted, try again"), "RCPT 450"),
        (Manners(at_data="451 4.3.0 try again"), "DATA 451"),
        (Manners(at_mail="550 5.7.1 we do not like your address"), "SMTPSenderRefused 550"),
        (Manners(drops=True), "SMTPServerDisconnected"),
    ],
)
async def test_what_may_work_later_is_deferred_and_the_reason_names_nobody(manners: Manners, reason: str) -> None:
    async with serving(manners) as relay:
        assert await send(relay) == Deferred(reason)


async def test_connection_that_breaks_after_the_data_is_deferred_though_the_mail_may_have_arrived() -> None:
    manners = Manners(drops=True)
    async with serving(manners) as relay:
        assert isinstance(await send(relay), Deferred)
    assert len(manners.taken) == 1


async def test_nobody_listening_is_deferred() -> None:
    assert isinstance(await send(await nobody()), Deferred)


async def test_server_that_says_nothing_is_deferred_after_the_timeout() -> None:
    async with silent() as relay:
        assert isinstance(await send(relay), Deferred)


async def test_server_without_the_security_that_was_asked_for_gets_no_mail() -> None:
    manners = Manners()
    async with serving(manners) as relay:
        strict = Relay(relay.host, relay.port, security="starttls", timeout_seconds=5)
        assert isinstance(await send(strict), Deferred)
    assert manners.recipients == []


async def test_mailbox_in_another_script_is_written_to_where_the_server_can() -> None:
    manners = Manners()
    async with serving(manners) as relay:
        assert await send(relay, "രവി@example.com") == Accepted()
    assert manners.recipients == ["രവി@example.com"]
    async with serving(manners, smtputf8=False) as relay:
        assert await send(relay, "രവി@example.com") == Refused(DeliveryProblem.REFUSED)


def test_first_enhanced_code_of_a_long_reply_counts() -> None:
    text = "5.2.2 The recipient's inbox is out of storage space\n5.2.2 For more information see 5.7.1"

    assert judge(552, text, told="RCPT") == Refused(DeliveryProblem.MAILBOX_FULL)


def test_password_is_not_shown() -> None:
    assert "secret" not in repr(Relay("relay", 587, username="u", password="secret"))
