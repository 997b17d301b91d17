"""The mailbox that catches everything: what was sent over SMTP is there to read, newest first."""

import asyncio

import pytest

from infra.mail import smtp
from infra.mail.message import Recipient, Sender, build
from infra.mail.smtp import Accepted, Relay
from infra.mailbox import Mailbox, catch
from tests.infra.test_mail_smtp import NOW
from web.mail.render import RenderedMail


async def send(mailbox: Mailbox, to: str, subject: str) -> None:
    message = build(
        RenderedMail(subject, f"text of {subject}\n", f"<p>html of {subject}</p>\n", "en"),
        sender=Sender("hello@shop.example", "Regulars"),
        from_name="Regulars",
        recipient=Recipient(to),
        message_id="test.1",
        now=NOW,
    )
    relay = Relay("127.0.0.1", mailbox.port, security="none")
    assert await smtp.send(relay, message, sender="hello@shop.example", recipient=to) == Accepted()


async def test_messages_are_there_newest_first() -> None:
    async with catch() as mailbox:
        await send(mailbox, "a@example.com", "One")
        await send(mailbox, "b@example.com", "Zwei ജന്മദിനം")

        newest, oldest = mailbox.messages

    assert (newest.to, newest.subject) == ("b@example.com", "Zwei ജന്മദിനം")
    assert (newest.text, newest.html) == ("text of Zwei ജന്മദിനം\n", "<p>html of Zwei ജന്മദിനം</p>\n")
    assert (oldest.to, oldest.subject) == ("a@example.com", "One")


async def test_waiting_ends_with_the_message_that_was_waited_for() -> None:
    async with catch() as mailbox, asyncio.timeout(5):
        waiting = asyncio.create_task(mailbox.wait_for("A@example.com", count=2))
        for number in (1, 2):
            await send(mailbox, "b@example.com", f"B{number}")
            await send(mailbox, "a@example.com", f"A{number}")

        assert (await waiting).subject == "A2"


async def test_what_is_no_mime_is_kept_as_text() -> None:
    async with catch() as mailbox:
        reader, writer = await asyncio.open_connection("127.0.0.1", mailbox.port)
        for line in (None, "HELO x", "MAIL FROM:<a@x>", "RCPT TO:<b@example.com>", "DATA", "Subject: s\r\n\r\nhi\r\n."):
            if line:
                writer.write(f"{line}\r\n".encode())
            assert (await reader.readline())[:1] in (b"2", b"3")
        writer.close()
        await writer.wait_closed()
        [mail] = mailbox.messages

    assert (mail.subject, mail.text.strip(), mail.html) == ("s", "hi", "")


async def test_old_messages_are_forgotten() -> None:
    async with catch(kept=3) as mailbox:
        for number in range(5):
            await send(mailbox, "a@example.com", str(number))

        assert [mail.subject for mail in mailbox.messages] == ["4", "3", "2"]


async def test_nobody_is_there_afterwards() -> None:
    async with catch() as mailbox:
        port = mailbox.port

    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)
