"""What a mail provider says of a mail of ours, over HTTP: POST /mail/webhook, signed (auth/standard_webhooks.py).

    {"type": "mail.bounced", "timestamp": "2026-11-22T09:30:00Z",
     "data": {"messageId": "<gift.0123.1@shop.example>", "bounce": "hard", "status": "5.1.1"}}

`type` is mail.delivered, mail.bounced or mail.complained; of any other nothing is done. `data` names the mail by its
`token`, its `returnPath` or its `messageId`; of a mail that bounced it says `bounce`, hard or soft, and may say the
enhanced `status`. The provider's own names go through a line or two of glue.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from auth import standard_webhooks
from auth.standard_webhooks import SignatureInvalid
from infra.edge.bodies import Disconnected, read_body
from infra.edge.refusals import RequestRefused
from infra.mail.codes import enhanced_code_in
from infra.mail.ingesting import Ingested, ingest
from infra.mail.reports import TOKEN
from infra.pool import DatabaseUnavailable
from infra.runtime import Runtime
from wallet.gifts.gift import DeliveryProblem
from wallet.mail.reports import Fate, Report

BODY_BYTES_MAX = 64 * 1024

FATES = {"mail.delivered": Fate.DELIVERED, "mail.bounced": Fate.BOUNCED, "mail.complained": Fate.COMPLAINED}

log = structlog.get_logger(__name__)

Text = Annotated[str, Field(max_length=998)]


class Facts(BaseModel):
    """Of which mail it is said, and of one that bounced how. What else a provider tells is not looked at."""

    model_config = ConfigDict(strict=True, frozen=True)

    token: Annotated[str, Field(pattern=re.compile(r"^[A-Za-z2-7]{16}$"))] | None = None
    return_path: Text | None = Field(None, alias="returnPath")
    message_id: Text | None = Field(None, alias="messageId")
    bounce: Literal["hard", "soft"] = "soft"
    status: Text | None = None


class Event(BaseModel):
    """What the body has to be."""

    model_config = ConfigDict(strict=True, frozen=True)

    type: Text
    data: Facts


@dataclass(frozen=True, slots=True)
class Meant:
    """The mail that is meant, by whatever it was named."""

    tokens: tuple[str, ...]
    message_id: str | None


def mail_webhook_routes(runtime: Runtime) -> list[BaseRoute]:
    """The address for providers, if there is a secret that they sign with."""
    if runtime.settings.mail_webhook_secret is None:
        return []
    secrets = standard_webhooks.secrets_of(runtime.settings.mail_webhook_secret.get_secret_value())

    async def hear(request: Request) -> Response:
        """200 once what was said is committed, or is none of our concern. 400 without a good signature."""
        try:
            body = await read_body(request.receive, Headers(scope=request.scope), bytes_max=BODY_BYTES_MAX)
        except RequestRefused as refusal:
            return _answer(refusal.status, "The body cannot be used.")
        except Disconnected:
            return _answer(400, "The body did not arrive.")
        try:
            standard_webhooks.verified(secrets, request.headers, body, now=runtime.clock())
        except SignatureInvalid:
            log.warning("mail.webhook_refused")
            return _answer(400, "The signature is not good.")
        try:
            event = Event.model_validate_json(body)
        except ValidationError:
            return _answer(400, "It is not an event as the documentation has it.")
        if event.type not in FATES:
            return _answer(200, "Nothing to do.")
        try:
            done = await _take_in(runtime, event)
        except (DatabaseUnavailable, OSError):
            return _answer(503, "Please say it again later.")
        return _answer(200, "Taken in." if done.known else "Not one of ours.")

    return [Route("/mail/webhook", hear, methods=["POST"])]


async def _take_in(runtime: Runtime, event: Event) -> Ingested:
    meant = meant_by(event.data)
    done = await ingest(
        runtime.pool,
        tokens=meant.tokens,
        message_id=meant.message_id,
        report=report_of(event),
        now=runtime.clock(),
    )
    log.info("mail.reported", type=event.type, known=done.known, changed=done.changed is not None)
    if done.changed is not None:
        runtime.changes.publish(*done.changed)
    return done


def meant_by(facts: Facts) -> Meant:
    """A token says it better than an id, which providers are known to replace."""
    tokens = [facts.token] if facts.token else []
    if facts.return_path and (found := TOKEN.search(facts.return_path)):
        tokens.append(found[1])
    message_id = facts.message_id.strip().strip("<>") if facts.message_id else None
    return Meant(tuple(tokens), message_id)


def report_of(event: Event) -> Report:
    """What it says, in our words. `type` is one of FATES."""
    fate = FATES[event.type]
    if fate is not Fate.BOUNCED:
        return Report(fate)
    hard = event.data.bounce == "hard"
    code = enhanced_code_in(event.data.status or "")
    if code is not None and code.says_something:
        return Report(fate, code.problem, hard=hard)
    return Report(fate, DeliveryProblem.MAILBOX_UNKNOWN if hard else DeliveryProblem.UNREACHABLE, hard=hard)


def _answer(status: int, said: str) -> Response:
    return JSONResponse({"said": said}, status, headers={"Cache-Control": "no-store"})
