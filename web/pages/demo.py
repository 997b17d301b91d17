"""The pages of the demo: what to try, the mail that it caught, and its clock. They are never part of a real service."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from schema.translations import DEFAULT, Translator, translator
from web.pages.demo_steps import Step, steps
from web.pages.headers import page_headers
from web.pages.rendering import render

BODY_BYTES_MAX = 4096
SHOWN_MAILS = 50
YEAR = timedelta(days=366)

FRAME = (
    """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">"""
    """<base target="_blank">"""
)
"""In front of a doctype these stand in no head, but the parser makes one for them, and the mail's own follows."""


class CaughtMail(Protocol):
    """A mail that the demo did not send into the world."""

    @property
    def to(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str: ...


@dataclass(frozen=True, slots=True)
class DemoFacts:
    """What the demo's pages are wired with.

    `refused_email` is the address to which no mail arrives. `new_activation_code` makes a code for the demo's terminal:
    its letters alone, as a script wants them. `advance` moves the clock, says what it shows then, and
    raises ValueError with a sentence for where it does not go. `sweep` does at once what the worker does in time:
    points that are due are activated, expire or go back. `mails` are the newest first. `office` is what the commands
    of the merchant's back office need to know.
    """

    program_slug: str
    currency: str
    customer_emails: Sequence[str]
    refused_email: str
    mails: Callable[[], Sequence[CaughtMail]]
    new_activation_code: Callable[[], Awaitable[str]]
    clock: Callable[[], datetime]
    advance: Callable[[timedelta], Awaitable[datetime]]
    sweep: Callable[[], Awaitable[None]]
    walk_through: str
    office: Mapping[str, str] = field(default_factory=dict)

    def steps(self) -> tuple[Step, ...]:
        return steps(
            email=self.customer_emails[0],
            refused_email=self.refused_email,
            program_slug=self.program_slug,
            currency=self.currency,
        )


async def demo_page(facts: DemoFacts, request: Request) -> Response:
    """What to try, in order."""
    blanks: dict[str, object] = {
        "steps": facts.steps(),
        "customers": facts.customer_emails,
        "join_link": f"/join/{facts.program_slug}",
        "clock": _rfc3339(facts.clock()),
        "walk_through": facts.walk_through,
    }
    return render("demo", _english(), blanks)


async def demo_json(facts: DemoFacts, request: Request) -> Response:
    """What a script needs to begin. The activation code is a new one each time; earlier ones end with their time."""
    answer = {
        "programSlug": facts.program_slug,
        "customers": [{"email": email} for email in facts.customer_emails],
        "activationCode": await facts.new_activation_code(),
        "clock": _rfc3339(facts.clock()),
        "office": dict(facts.office),
    }
    return JSONResponse(answer, headers=page_headers())


async def mailbox_page(facts: DemoFacts, request: Request) -> Response:
    """The newest mails. The HTML of each is in a frame that runs nothing, loads nothing and sees none of this page."""
    # A frame made from text has the policy of the page around it, so that is where mails get their inline styles.
    csp = {"script-src": "'none'", "style-src": "'self' 'unsafe-inline'", "connect-src": "'none'"}
    return render("mailbox", _english(), {"mails": facts.mails()[:SHOWN_MAILS], "framed": _framed}, csp=csp)


async def mailbox_json(facts: DemoFacts, request: Request) -> Response:
    """Every mail that is kept, the newest first."""
    mails = [{"to": mail.to, "subject": mail.subject, "text": mail.text, "html": mail.html} for mail in facts.mails()]
    return JSONResponse(mails, headers=page_headers())


async def move_clock(facts: DemoFacts, request: Request) -> Response:
    """The clock is ahead by so many more seconds, and what is due by then is done."""
    if _is_from_elsewhere(request):
        return _refused(403, "Another site's page may not move this clock.")
    try:
        ahead = _seconds_of(await _body(request))
        moved_to = await facts.advance(ahead)
    except ValueError as error:
        return _refused(400, str(error))
    await facts.sweep()
    return JSONResponse({"clock": _rfc3339(moved_to)}, headers=page_headers())


def _framed(html: str) -> str:
    """The mail's HTML with a policy of its own before all of it, and with links that open beside the mailbox."""
    return FRAME + html


def _is_from_elsewhere(request: Request) -> bool:
    """Whether a browser says that a page of another site sent this. Scripts and terminals say nothing."""
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


async def _body(request: Request) -> bytes:
    """Raises ValueError for one that is longer than any sensible one."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise ValueError(f"The body may have {BODY_BYTES_MAX} bytes at most.")
    return body


def _seconds_of(body: bytes) -> timedelta:
    """Raises ValueError with a sentence that says what the body should be."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ValueError('The body must be JSON, for example {"advanceSeconds": 86400}.') from None
    seconds = said.get("advanceSeconds") if isinstance(said, dict) else None
    if type(seconds) is not int:
        raise ValueError('The body must be {"advanceSeconds": n}, with a whole number of seconds.')
    if seconds < 0:
        raise ValueError("The clock moves forward only: advanceSeconds must be 0 or more.")
    if seconds > 10 * YEAR.total_seconds():
        raise ValueError("The clock can be at most ten years ahead.")
    return timedelta(seconds=seconds)


def _refused(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status_code=status, headers=page_headers())


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _english() -> Translator:
    """The demo speaks to whoever develops with it."""
    return translator(DEFAULT)
