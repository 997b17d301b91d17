"""A server that speaks as much of Stripe's API as we use, as its reference documents it, and fails as it documents too.

https://docs.stripe.com/api/payment_intents, /api/refunds, /api/disputes, /api/errors, /api/idempotent_requests.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "sk_test_of_nobody"
Answer = tuple[int, dict[str, Any]]


class Trouble(Enum):
    """What befalls the next request."""

    CUT_BEFORE = "the connection is cut before anything is done"
    CUT_AFTER = "the connection is cut after it was done"
    SILENT = "nothing is ever answered, and it was done"
    IN_USE = "409: another request with the key is being carried out"
    TOO_MANY = "429"
    BROKEN = "500, and nothing was done"


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]


@dataclass(slots=True)
class StripeServer:
    """Its intents, and what it was asked. `troubles` befall the next requests, in their order."""

    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    disputes: list[dict[str, Any]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    kept: dict[str, tuple[dict[str, str], Answer]] = field(default_factory=dict)
    port: int = 0
    least: int = 50
    """The smallest amount that is taken."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pay(self, ref: str) -> None:
        """The payer has paid."""
        intent = self.intents[ref]
        charge = {
            "id": f"ch_{ref}",
            "object": "charge",
            "amount": intent["amount"],
            "amount_refunded": 0,
            "refunds": {"object": "list", "data": [], "has_more": False, "url": "/v1/refunds"},
            "currency": intent["currency"],
            "disputed": False,
            "payment_intent": ref,
            "metadata": intent["metadata"],
        }
        intent |= {"status": "succeeded", "latest_charge": charge, "amount_received": intent["amount"]}

    def dispute(self, ref: str, status: str, *, number: int = 1) -> dict[str, Any]:
        """The payer's bank says so."""
        self.intents[ref]["latest_charge"]["disputed"] = True
        found = {"id": f"dp_{number}", "object": "dispute", "payment_intent": ref, "status": status}
        self.disputes = [one for one in self.disputes if one["id"] != found["id"]] + [found]
        return found

    def bounce(self, ref: str, reason: str) -> dict[str, Any]:
        """What was sent back last cannot be taken by the payer's bank, and is with the merchant again."""
        charge = self.intents[ref]["latest_charge"]
        refund: dict[str, Any] = charge["refunds"]["data"][-1]
        refund |= {"status": "failed", "failure_reason": reason}
        charge["amount_refunded"] -= refund["amount"]
        return refund

    def shown(self, ref: str, *, expand: bool = False) -> dict[str, Any]:
        """The intent as it is answered: its charge as an id, unless it is asked for."""
        intent = dict(self.intents[ref])
        if not expand and intent["latest_charge"]:
            intent["latest_charge"] = intent["latest_charge"]["id"]
        return intent

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (asked := await _read(reader)) is not None:
                self.asked.append(asked)
                trouble = self.troubles.pop(0) if self.troubles else None
                if trouble is Trouble.CUT_BEFORE:
                    return
                answer = _TROUBLES[trouble] if trouble in _TROUBLES else self.answer(asked)
                if trouble is Trouble.CUT_AFTER:
                    return
                if trouble is Trouble.SILENT:
                    await reader.read()
                    return
                status, body = answer
                content = json.dumps(body).encode()
                head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nRequest-Id: req_1\r\n"
                writer.write(head.encode() + f"Content-Length: {len(content)}\r\n\r\n".encode() + content)
                await writer.drain()
        finally:
            writer.close()

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return _error(401, "invalid_request_error", "Invalid API Key provided")
        key = asked.headers.get("idempotency-key")
        if asked.method != "POST" or key is None:
            return self._done(asked)
        if key in self.kept:
            form, answer = self.kept[key]
            if form != asked.form:
                return _error(400, "idempotency_error", "Keys can only be used with the same parameters")
            return answer
        answer = self._done(asked)
        # What failed a check of its parameters is not kept; what failed while it was being done is.
        if answer[0] < 400 or asked.path == "/v1/refunds":
            self.kept[key] = (asked.form, answer)
        return answer

    def _done(self, asked: Asked) -> Answer:
        match asked.method, asked.path.removeprefix("/v1/").split("/"):
            case "POST", ["payment_intents"]:
                return self._create(asked.form)
            case "GET", ["payment_intents", ref] if ref in self.intents:
                return 200, self.shown(ref, expand=asked.query.get("expand[0]") == "latest_charge.refunds")
            case "POST", ["payment_intents", ref, "cancel"] if ref in self.intents:
                return self._cancel(ref)
            case "POST", ["refunds"]:
                return self._refund(asked.form)
            case "GET", ["disputes"]:
                found = [one for one in self.disputes if one["payment_intent"] == asked.query["payment_intent"]]
                return 200, {"object": "list", "data": found, "has_more": False, "url": "/v1/disputes"}
        return _error(404, "invalid_request_error", "No such payment_intent", "resource_missing")

    def _create(self, form: dict[str, str]) -> Answer:
        if int(form["amount"]) < self.least:
            return _error(400, "invalid_request_error", "The amount is too small", "amount_too_small")
        ref = f"pi_{len(self.intents) + 1}"
        self.intents[ref] = {
            "id": ref,
            "object": "payment_intent",
            "amount": int(form["amount"]),
            "currency": form["currency"],
            "client_secret": f"{ref}_secret_x",
            "status": "requires_payment_method",
            "last_payment_error": None,
            "latest_charge": None,
            "metadata": {name[9:-1]: said for name, said in form.items() if name.startswith("metadata[")},
        }
        return 200, self.shown(ref)

    def _cancel(self, ref: str) -> Answer:
        intent = self.intents[ref]
        if intent["status"] in ("succeeded", "canceled"):
            return _error(400, "invalid_request_error", "You cannot cancel this", "payment_intent_unexpected_state")
        intent["status"] = "canceled"
        return 200, self.shown(ref)

    def _refund(self, form: dict[str, str]) -> Answer:
        charge = self.intents[form["payment_intent"]]["latest_charge"]
        if charge["disputed"]:
            return _error(400, "invalid_request_error", "The charge is disputed", "charge_disputed")
        if charge["amount_refunded"] + int(form["amount"]) > charge["amount"]:
            return _error(400, "invalid_request_error", "Already refunded", "charge_already_refunded")
        charge["amount_refunded"] += int(form["amount"])
        refunds = charge["refunds"]["data"]
        refund = {
            "id": f"re_{len(refunds) + 1}",
            "object": "refund",
            "amount": int(form["amount"]),
            "currency": charge["currency"],
            "payment_intent": form["payment_intent"],
            "status": "succeeded",
            "failure_reason": None,
        }
        refunds.append(refund)
        return 200, dict(refund)


def _error(status: int, kind: str, message: str, code: str | None = None) -> Answer:
    return status, {"error": {"type": kind, "message": message, **({"code": code} if code else {})}}


_TROUBLES = {
    Trouble.IN_USE: _error(409, "invalid_request_error", "In use", "idempotency_key_in_use"),
    Trouble.TOO_MANY: _error(429, "invalid_request_error", "Too many requests", "rate_limit"),
    Trouble.BROKEN: _error(500, "api_error", "An unknown error occurred"),
}


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split()
    headers = {name.lower(): said.strip() for name, _, said in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    where = urlsplit(target)
    return Asked(method, where.path, dict(parse_qsl(where.query)), dict(parse_qsl(body.decode())), headers)


@asynccontextmanager
async def stripe_server() -> AsyncIterator[StripeServer]:
    found = StripeServer()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
