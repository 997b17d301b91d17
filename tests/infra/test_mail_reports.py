"""Reports of mail servers, read: what they say, which mail they are about, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.mail import reports
from infra.mail.reports import Action, AutomaticAnswer, NotAReport, read
from tests.infra.reports import failed, forwarded, group, holiday, report
from wallet.gifts import DeliveryProblem
from wallet.mail import deliveries
from wallet.mail.reports import Fate, Report

TOKEN = "abcdefghij234567"
TO = f"bounces+{TOKEN}@shop.example"


def said(raw: bytes) -> Report | None:
    return read(raw, recipient=TO).report


@pytest.mark.parametrize(
    ("status", "problem", "hard"),
    [
        ("5.1.1", DeliveryProblem.MAILBOX_UNKNOWN, True),
        ("5.1.1 (bad destination mailbox address)", DeliveryProblem.MAILBOX_UNKNOWN, True),
        ("5.1.0", DeliveryProblem.MAILBOX_UNKNOWN, False),
        ("5.1.2", DeliveryProblem.DOMAIN_UNKNOWN, True),
        ("5.1.10", DeliveryProblem.DOMAIN_UNKNOWN, True),
        ("5.2.1", DeliveryProblem.MAILBOX_CLOSED, True),
        ("5.2.2", DeliveryProblem.MAILBOX_FULL, False),
        ("5.4.4", DeliveryProblem.DOMAIN_UNKNOWN, False),
        ("5.4.7", DeliveryProblem.UNREACHABLE, False),
        ("5.7.26", DeliveryProblem.BLOCKED, False),
        ("5.6.0", DeliveryProblem.REFUSED, False),
        ("5.0.0", DeliveryProblem.REFUSED, False),
        ("4.4.7", DeliveryProblem.UNREACHABLE, False),
        ("4.2.2", DeliveryProblem.MAILBOX_FULL, False),
        ("4.1.1", DeliveryProblem.MAILBOX_UNKNOWN, False),
        ("4.3.0", DeliveryProblem.UNREACHABLE, False),
        ("", DeliveryProblem.REFUSED, False),
        ("nonsense", DeliveryProblem.REFUSED, False),
    ],
)
def test_what_failed_has_a_reason_with_a_name(status: str, problem: DeliveryProblem, hard: bool) -> None:
    assert said(report(failed(status))) == Report(Fate.BOUNCED, problem, hard=hard)


@pytest.mark.parametrize(
    ("diagnostic", "problem", "hard"),
    [
        ("smtp; 550 5.1.1 <friend@example.com>: no such user", DeliveryProblem.MAILBOX_UNKNOWN, True),
        ("smtp; 550-5.2.1 disabled\r\n 550 5.2.1 see 5.7.1", DeliveryProblem.MAILBOX_CLOSED, True),
        ("smtp; 550 no such user", DeliveryProblem.MAILBOX_UNKNOWN, False),
        ("smtp; 552 over quota", DeliveryProblem.MAILBOX_FULL, False),
        ("SMTP; 554 no", DeliveryProblem.REFUSED, False),
        ("smtp; 421 try again", DeliveryProblem.UNREACHABLE, False),
        ("x-unix; 550", DeliveryProblem.REFUSED, False),
        ("smtp; our server 192.168.5.1.1 says no", DeliveryProblem.REFUSED, False),
    ],
)
def test_status_that_says_nothing_gives_way_to_what_the_last_server_said(
    diagnostic: str, problem: DeliveryProblem, hard: bool
) -> None:
    assert said(report(failed("5.0.0", diagnostic=diagnostic))) == Report(Fate.BOUNCED, problem, hard=hard)
    # and one that says something does not
    assert said(report(failed("5.2.2", diagnostic=diagnostic))) == Report(Fate.BOUNCED, DeliveryProblem.MAILBOX_FULL)


@pytest.mark.parametrize(
    ("action", "status", "fate"),
    [
        ("delivered", "2.0.0", Fate.DELIVERED),
        ("DELIVERED (to the mailbox)", "2.1.5", Fate.DELIVERED),
        ("delayed", "4.4.1", None),
        ("relayed", "2.0.0", None),
        ("expanded", "2.0.0", None),
    ],
)
def test_what_has_not_failed_is_not_taken_for_it(action: str, status: str, fate: Fate | None) -> None:
    found = said(report(failed(status, action=action)))

    assert (found.fate if found else None) is fate


def test_what_reached_one_of_several_recipients_arrived() -> None:
    found = read(report(failed("5.1.1"), failed("2.0.0", action="delivered"), failed("5.1.1")), recipient=TO)

    assert (found.action, found.report) == (Action.DELIVERED, Report(Fate.DELIVERED))
    assert said(report(failed("5.1.1"), failed("2.0.0", action="expanded"))) is None


def test_token_is_that_of_the_address_it_was_sent_to() -> None:
    raw = report(failed(), to="bounces+zzzzzzzzzzzzzzzz@shop.example")

    assert read(raw, recipient=TO).tokens[0] == TOKEN
    assert read(raw, recipient=TO.upper()).tokens[0] == TOKEN
    assert read(raw, recipient=None).tokens == ("z" * 16,)
    assert read(report(failed()), recipient=None).tokens == ()
    assert read(report(failed(), head=f"Delivered-To: {TO}\r\n"), recipient=None).tokens == (TOKEN,)
    assert read(report(failed(), head=f"X-Original-To: {TO}\r\n"), recipient=None).tokens == (TOKEN,)


def test_token_that_is_made_can_be_read_back() -> None:
    token = deliveries.new_token()

    assert read(report(failed()), recipient=f"bounces+{token}@shop.example").tokens == (token,)
    assert deliveries.hash_of(token) == deliveries.hash_of(token.upper())


def test_report_that_somebody_forwarded_is_read_to_whatever_depth() -> None:
    raw = report(failed("5.2.2"), to=TO)

    for _ in range(3):
        raw = forwarded(raw)
        found = read(raw, recipient="desk@shop.example")
        assert found.report == Report(Fate.BOUNCED, DeliveryProblem.MAILBOX_FULL)
        assert found.tokens == (TOKEN,)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"\r\n", b"\n"),
        lambda raw: raw.replace(b"multipart/report; report-type=delivery-status", b"multipart/mixed"),
        lambda raw: raw.replace(b"message/delivery-status", b"MESSAGE/Delivery-Status; charset=utf-8"),
        lambda raw: raw.replace(b"Content-Type: message/rfc822", b"Content-Type: text/rfc822-headers"),
        lambda raw: raw.replace(b"--outer--\r\n", b"--outer--\r\nA footer of some mailing list.\r\n"),
        lambda raw: raw.replace(b"I'm sorry", b"\xff\xfe\x00 I'm sorry"),
        lambda raw: raw.replace(b"Final-Recipient: rfc822; friend@example.com", b"Final-Recipient: rfc822;\r\n friend"),
        lambda raw: raw.replace(b"Reporting-MTA: dns; mx.example.com\r\n", b"Reporting-MTA: dns; \xe4\xf6\xfc\r\n"),
        lambda raw: raw.replace(
            b"message/delivery-status\r\n", b"message/delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n"
        ),
    ],
)
def test_odd_mime_is_read_all_the_same(change: object) -> None:
    assert callable(change)

    assert said(change(report(failed("5.1.1")))) == Report(Fate.BOUNCED, DeliveryProblem.MAILBOX_UNKNOWN, hard=True)


def test_returned_mail_that_was_cut_short_makes_no_cut_off_report() -> None:
    # given a server that returns the beginning of what we sent
    original = "Subject: A gift\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n--inner\r\n\r\nHel"

    assert said(report(failed("5.1.1"), original=original)) is not None


def test_report_that_was_cut_off_anywhere_says_nothing() -> None:
    raw = report(failed("5.1.1"), to=TO)
    end = raw.rindex(b"--outer--")

    for length in range(0, end, 7):
        with pytest.raises(NotAReport):
            read(raw[:length], recipient=TO)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 1000,
        b"Subject: hello\r\n\r\nHow are you?\r\n",
        b"Content-Type: multipart/report; boundary=\r\n\r\n",
        report(),
        report(group(Final_Recipient="rfc822; a@example.com", Status="5.1.1")),
        report(failed("5.1.1", action="exploded")),
        report(failed("2.0.0")),
        report(failed("5.1.1")).replace(b"message/delivery-status", b"text/plain"),
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\n\r\n" * 10_000 + b"--a--\r\n",
        forwarded(report(failed())) * 2_000 + b"x" * reports.BYTES_MAX,
    ],
)
def test_what_is_no_report_says_nothing(raw: bytes) -> None:
    with pytest.raises(NotAReport):
        read(raw, recipient=TO)


def test_what_is_packed_in_more_layers_than_a_report_says_nothing() -> None:
    raw = report(failed("5.1.1"))
    for depth in range(200):
        raw = (
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth)
            + raw
            + b"\r\n--b%d--\r\n" % depth
        )

    with pytest.raises(NotAReport):
        read(raw, recipient=TO)


def test_answer_of_somebody_on_holiday_is_nothing_wrong() -> None:
    with pytest.raises(AutomaticAnswer):
        read(holiday(TO), recipient=TO)


@given(st.binary(max_size=400), st.integers(0, 900), st.integers(0, 400))
def test_whatever_is_done_to_a_report_it_is_read_or_refused_and_nothing_else(noise: bytes, at: int, gone: int) -> None:
    raw = report(failed("5.1.1"), to=TO)

    try:
        found = read(raw[:at] + noise + raw[at + gone :], recipient=TO)
    except NotAReport:
        return
    assert found.tokens[0] == TOKEN


def test_what_is_made_to_be_slow_to_read_is_not_read() -> None:
    # given as many boundaries as fit, each within the one before, and lines that have to be compared with all of them
    layers = [b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1_000)]
    raw = b"".join(layers)

    with pytest.raises(NotAReport, match="more parts"):
        read(raw + b"-\n" * (reports.LINES_MAX - 5_000), recipient=TO)
    with pytest.raises(NotAReport, match="more lines"):
        read(report(failed()) + b"-\n" * reports.LINES_MAX, recipient=TO)
