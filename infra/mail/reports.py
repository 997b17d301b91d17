"""Reports of mail servers on mail that we sent (RFC 3464), as they come to the return path: whatever comes there.

Anybody can write to that address, so a message is believed to be a report only if it has the form of one, and to be
about one of our mails only by the token that it was sent to. What it says besides, of whom or of which message, is not
looked at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import CloseBoundaryNotFoundDefect, MessageError, StartBoundaryNotFoundDefect
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import getaddresses
from enum import StrEnum

from infra.mail.codes import PROBLEM_OF_REPLY, EnhancedCode, enhanced_code_in
from wallet.gifts.gift import DeliveryProblem
from wallet.mail.reports import Fate, Report

BYTES_MAX = 1024 * 1024
"""More than any report on our mail: they are small, and a report returns no more than what it is about."""
LINES_MAX = 20_000
SEPARATORS_MAX = 500
BOUNDARIES_MAX = 30
"""The parser asks of each line whether it is one of the boundaries that are open, and is slow where there are many."""
PARTS_MAX = 200
DEPTH_MAX = 10

TOKEN = re.compile(r"\+([a-z2-7]{16})@", re.IGNORECASE)
REPLY_CODE = re.compile(r"(?<!\d)([45]\d\d)(?!\d)")
REDIRECTIONS = ("delivered-to", "x-original-to", "envelope-to", "to")

CUT_OFF = (CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect)


class Action(StrEnum):
    """What a server did with the mail for one recipient (RFC 3464 §2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


class NotAReport(Exception):
    """Nothing can be learned from it. The sentence names nobody."""


class AutomaticAnswer(NotAReport):
    """Somebody is on holiday, or a machine says thank you: nothing is wrong with it, and nothing to be done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a server says of one recipient."""

    action: Action
    report: Report | None
    """None: it is not decided yet, or not known."""


@dataclass(frozen=True, slots=True)
class Found:
    """A report: what it says, and the tokens of the addresses that it was sent to, the likeliest first."""

    report: Report | None
    action: Action
    tokens: tuple[str, ...]


def read(raw: bytes, *, recipient: str | None) -> Found:
    """What the report says, to whatever depth it was forwarded. Raises NotAReport, AutomaticAnswer.

    `recipient`: whom the mail server had it for; without it, who its headers say.
    """
    if len(raw) > BYTES_MAX:
        raise NotAReport("It is too large for a report.")
    if raw.count(b"\n") > LINES_MAX:
        raise NotAReport("It has more lines than a report.")
    if raw.count(b"\n--") > SEPARATORS_MAX or raw.lower().count(b"boundary") > BOUNDARIES_MAX:
        raise NotAReport("It has more parts than a report.")
    try:
        message = message_from_bytes(raw, _class=EmailMessage, policy=default)
        path = _path_to_status(message)
        if path is None:
            raise _no_report(message)
        if any(isinstance(defect, CUT_OFF) for part in path[:-1] for defect in part.defects):
            raise NotAReport("It was cut off on its way.")
        outcome = _verdict(list(_outcomes(path[-1])))
        return Found(outcome.report, outcome.action, tuple(_tokens(recipient, path)))
    except NotAReport:
        raise
    # The parser of the standard library promises to raise nothing and does, on headers that are made for it.
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as trouble:
        raise NotAReport(f"It cannot be read ({type(trouble).__name__}).") from trouble


def _no_report(message: Message) -> NotAReport:
    if any(isinstance(defect, CUT_OFF) for defect in message.defects):
        return NotAReport("It was cut off on its way.")
    automatic = str(message.get("Auto-Submitted", "no")).replace("(", ";").partition(";")[0].strip().lower()
    if automatic == "auto-replied" or "X-Autoreply" in message or "X-Autorespond" in message:
        return AutomaticAnswer("It is an automatic answer, not a report.")
    return NotAReport("It is not a report of a mail server (RFC 3464).")


def _path_to_status(message: Message) -> list[Message] | None:
    """The first `message/delivery-status` part, with everything that it stands in before it."""
    seen = 0

    def search(part: Message, above: list[Message]) -> list[Message] | None:
        nonlocal seen
        seen += 1
        if seen > PARTS_MAX or len(above) > DEPTH_MAX:
            raise NotAReport("It has more parts than a report.")
        path = [*above, part]
        if part.get_content_type() == "message/delivery-status":
            return path
        if not part.is_multipart():
            return None
        inner: list[Message] = part.get_payload()  # type: ignore[assignment]  # what is multipart has a list
        return next((found for each in inner if (found := search(each, path))), None)

    return search(message, [])


def _outcomes(status: Message) -> Iterator[Outcome]:
    """One for each group of fields that speaks of a recipient; the first group speaks of the message."""
    groups = status.get_payload()
    if not isinstance(groups, list):
        raise NotAReport("Its fields cannot be read.")
    for group in groups:
        if isinstance(group, Message) and "Action" in group:
            yield _outcome(group)


def _outcome(group: Message) -> Outcome:
    said = str(group["Action"]).partition("(")[0].strip().lower()
    try:
        action = Action(said)
    except ValueError:
        raise NotAReport("It says something of a recipient that RFC 3464 does not know.") from None
    status = enhanced_code_in(str(group.get("Status", "")))
    if action is Action.DELIVERED:
        return Outcome(action, Report(Fate.DELIVERED))
    if action is not Action.FAILED:
        return Outcome(action, None)
    if status is not None and status.status_class == 2:
        raise NotAReport("It says that it failed and arrived.")
    return Outcome(action, _failure(status, str(group.get("Diagnostic-Code", ""))))


def _failure(status: EnhancedCode | None, diagnostic: str) -> Report:
    """By the status; where that is too general to say anything, by what the last server said."""
    if status is None or not status.says_something:
        told = enhanced_code_in(diagnostic)
        if told is not None and told.status_class != 2 and told.says_something:
            status = told
        elif diagnostic.partition(";")[0].strip().lower() == "smtp" and (reply := REPLY_CODE.search(diagnostic)):
            known = PROBLEM_OF_REPLY.get(int(reply[1]), DeliveryProblem.REFUSED)
            return Report(Fate.BOUNCED, DeliveryProblem.UNREACHABLE if reply[1].startswith("4") else known)
    if status is None:
        return Report(Fate.BOUNCED, DeliveryProblem.REFUSED)
    return Report(Fate.BOUNCED, status.problem, hard=status.hard)


def _verdict(outcomes: list[Outcome]) -> Outcome:
    """Our mails have one recipient, who may be a list of them: what reached one of them arrived."""
    for action in (Action.DELIVERED, Action.EXPANDED, Action.RELAYED, Action.DELAYED, Action.FAILED):
        for outcome in outcomes:
            if outcome.action is action:
                return outcome
    raise NotAReport("It says nothing of any recipient.")


def _tokens(recipient: str | None, path: list[Message]) -> Iterator[str]:
    """Of the address that the server had it for; without one of the headers, from the outermost message inwards."""
    if recipient:
        yield from (token.lower() for token in TOKEN.findall(recipient))
    for part in path:
        for name in REDIRECTIONS:
            for _, address in getaddresses([str(value) for value in part.get_all(name, [])]):
                yield from (token.lower() for token in TOKEN.findall(address))
