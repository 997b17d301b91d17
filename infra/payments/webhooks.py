"""Where providers tell us what happened to a payment: /payments/{provider}/webhook.

The signature comes before anything else that is in the message. 400 for what is not theirs; 200 once what they said is
committed, or is none of our concern; anything else makes them say it again later.
"""

import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from infra.edge.bodies import Disconnected, read_body
from infra.edge.refusals import RequestRefused
from infra.payments.keeping import Keeping, take_in
from infra.pool import DatabaseUnavailable
from resolvers.providers import News, WebhookNotTheirs
from wallet import payments
from wallet.payments import Source, Told

BODY_BYTES_MAX = 256 * 1024

log = structlog.get_logger(__name__)


def webhook_routes(keeping: Keeping) -> list[BaseRoute]:
    """One address for each provider that is set up; any other is 404."""

    async def hear(request: Request) -> Response:
        provider = keeping.providers.get(request.path_params["provider"])
        if provider is None:
            return _answer(404, "There is no such provider.")
        try:
            body = await read_body(request.receive, Headers(scope=request.scope), bytes_max=BODY_BYTES_MAX)
            news = provider.read_webhook(request.headers, body, keeping.clock())
        except RequestRefused as refusal:
            return _answer(refusal.status, "The body cannot be used.")
        except Disconnected:
            return _answer(400, "The body did not arrive.")
        except WebhookNotTheirs as refusal:
            log.warning("webhook.refused", provider=provider.name, why=str(refusal))
            return _answer(400, "The signature is not good.")
        if news is None:
            return _answer(200, "Nothing to do.")
        try:
            known = await _hear(keeping, provider.name, news)
        except (DatabaseUnavailable, OSError):
            return _answer(503, "Please say it again later.")
        return _answer(200, "Taken in." if known else "Not one of ours.")

    return [Route("/payments/{provider}/webhook", hear, methods=["POST"])]


async def _hear(keeping: Keeping, provider: str, news: News) -> bool:
    async with keeping.pool.acquire() as conn:
        if news.payment is not None:
            merchant_id, payment_id = news.payment
            payment = await payments.find(conn, merchant_id=merchant_id, payment_id=payment_id)
        elif news.seen.ref is not None:
            payment = await payments.by_ref(conn, provider=provider, ref=news.seen.ref)
        else:
            payment = None
    if payment is None or payment.provider != provider:
        return False
    told = Told(Source.WEBHOOK, news.event_id)
    return await take_in(keeping, payment.merchant_id, payment.payment_id, news.seen, told) is not None


def _answer(status: int, said: str) -> Response:
    return JSONResponse({"said": said}, status, headers={"Cache-Control": "no-store"})
