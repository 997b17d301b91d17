"""Reports as mail servers write them (RFC 3464), for tests to change what they like."""

from email.message import EmailMessage
from email.policy import SMTP


def group(**fields: str) -> str:
    """Fields of one recipient; an underscore in a name is a hyphen."""
    return "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())


def failed(status: str = "5.1.1", *, diagnostic: str | None = None, action: str = "failed") -> str:
    fields = {"Final_Recipient": "rfc822; friend@example.com", "Action": action, "Status": status}
    return group(**fields, **({"Diagnostic_Code": diagnostic} if diagnostic else {}))


def report(
    *groups: str,
    to: str = "bounces@shop.example",
    original: str = "From: hello@shop.example\r\nSubject: A gift\r\n\r\nHello\r\n",
    head: str = "",
) -> bytes:
    """A whole report on one of our mails, as Postfix would write it."""
    fields = "\r\n".join(
        ("Reporting-MTA: dns; mx.example.com\r\nArrival-Date: Sun, 22 Nov 2026 09:30:00 +0000\r\n", *groups)
    )
    return (
        f"{head}Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.com (Mail Delivery System)\r\nTo: {to}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="outer"\r\n\r\n'
        "This is a MIME-encapsulated message.\r\n\r\n"
        "--outer\r\nContent-Description: Notification\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        "I'm sorry to have to inform you that your message could not be delivered.\r\n\r\n"
        "--outer\r\nContent-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"{fields}\r\n"
        "--outer\r\nContent-Description: Undelivered Message\r\nContent-Type: message/rfc822\r\n\r\n"
        f"{original}\r\n"
        "--outer--\r\n"
    ).encode()


def forwarded(raw: bytes, *, to: str = "desk@shop.example") -> bytes:
    """The report as somebody's mail program passes it on: whole, as an attachment, beside other things."""
    return (
        (
            f"From: somebody@shop.example\r\nTo: {to}\r\nSubject: Fwd: Undelivered\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/mixed; boundary="fwd"\r\n\r\n'
            "--fwd\r\nContent-Type: text/plain\r\n\r\nLook at this.\r\n\r\n"
            '--fwd\r\nContent-Type: message/rfc822; name="report.eml"\r\nContent-Disposition: attachment\r\n\r\n'
        ).encode()
        + raw
        + b"\r\n--fwd--\r\n"
    )


def holiday(to: str) -> bytes:
    """An answer that somebody's mailbox gives by itself."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "friend@example.com"
    message["To"] = to
    message["Subject"] = "Out of office"
    message["Auto-Submitted"] = "auto-replied (vacation)"
    message.set_content("I am away until Monday.")
    return message.as_bytes()
