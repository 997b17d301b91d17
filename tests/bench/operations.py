"""What is measured: four operations, asked of the API and of the bare routes."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from auth import check_in_tokens
from infra.clock import system_clock
from infra.demo import documents
from tests.bench.load import FRESH_KEY, Request
from tests.bench.stage import Stage
from wallet import check_ins
from wallet.values import CheckInPurpose

HISTORY_LINES = 50
HOME_LINES = 20

HISTORY = f"""
query History($id: ID!) {{
  node(id: $id) {{
    ... on Card {{
      history(first: {HISTORY_LINES}) {{
        edges {{ node {{ id kind points pendingPoints balanceAfter occurredAt storeName receiptNumber }} }}
        pageInfo {{ hasNextPage }}
      }}
    }}
  }}
}}
"""

HOME = f"""
query Home {{
  viewer {{
    email
    cards {{
      number
      balance {{ active pending reserved }}
      history(first: {HOME_LINES}) {{ edges {{ node {{ kind points balanceAfter occurredAt }} }} }}
    }}
  }}
}}
"""

Ask = Callable[[Stage, int], list[Request]]
"""The requests of which some are sent; for what can be asked but once, as many as are given."""


@dataclass(frozen=True, slots=True)
class Operation:
    """`once` is how many requests a second of measuring may use up; None if one request can be sent again and again."""

    name: str
    ask: Ask
    ask_bare: Ask
    expects: str
    expects_bare: str
    once: int | None = None


def operations() -> Sequence[Operation]:
    return (
        Operation("scan", scans, bare_scans, '"__typename":"Visit"', '"visit_id"', once=4_000),
        Operation("checkout", checkouts, bare_checkouts, '"__typename":"SaleRecorded"', '"sale_id"'),
        Operation("history", histories, bare_histories, '"hasNextPage":true', '"more":true'),
        Operation("home screen", homes, bare_homes, '"cards":[{"number"', '"cards":[{"number"'),
    )


def codes(stage: Stage, count: int) -> list[str]:
    """So many check-in codes of the buyers' cards, none of them shown yet."""
    now = system_clock()
    life = check_ins.LIVES[CheckInPurpose.EARN]
    return [
        check_in_tokens.mint(
            stage.ring,
            purpose=CheckInPurpose.EARN,
            program_number=stage.shop.program_number,
            card_reference=stage.buyers[n % len(stage.buyers)].reference,
            expires_at=now + life,
            jti=secrets.randbits(64),
            now=now,
        )
        for n in range(count)
    ]


def scans(stage: Stage, count: int) -> list[Request]:
    return [pos(stage, documents.SCAN, {"code": code}) for code in codes(stage, count)]


def bare_scans(stage: Stage, count: int) -> list[Request]:
    return [Request("/scan", json.dumps({"code": code})) for code in codes(stage, count)]


def checkouts(stage: Stage, _count: int) -> list[Request]:
    return [
        pos(
            stage,
            documents.CHECKOUT,
            {"sale": {"customer": {"visitId": buyer.visit}, **basket()}, "idempotencyKey": FRESH_KEY},
        )
        for buyer in stage.buyers
    ]


def bare_checkouts(stage: Stage, _count: int) -> list[Request]:
    return [
        Request(
            "/checkout", json.dumps({"visit_id": str(buyer.visit_id), "idempotency_key": FRESH_KEY, "sale": basket()})
        )
        for buyer in stage.buyers
    ]


def histories(stage: Stage, _count: int) -> list[Request]:
    return [graphql("/graphql", reader.access_token, HISTORY, {"id": reader.card}) for reader in stage.readers]


def bare_histories(stage: Stage, _count: int) -> list[Request]:
    return [
        Request("/history", json.dumps({"customer_id": str(reader.customer_id), "card_id": str(reader.card_id)}))
        for reader in stage.readers
    ]


def homes(stage: Stage, _count: int) -> list[Request]:
    return [graphql("/graphql", reader.access_token, HOME, {}) for reader in stage.readers]


def bare_homes(stage: Stage, _count: int) -> list[Request]:
    return [
        Request("/home", json.dumps({"customer_id": str(reader.customer_id), "session_id": str(reader.session_id)}))
        for reader in stage.readers
    ]


def basket() -> dict[str, Any]:
    return {
        "receiptNumber": "R-1",
        "currency": "INR",
        "lines": [
            {"lineId": "1", "description": "Two filter coffees", "quantity": 2, "amountMinor": 18_000},
            {"lineId": "2", "description": "Banana bread", "amountMinor": 14_500},
        ],
    }


def pos(stage: Stage, document: str, given: dict[str, Any]) -> Request:
    return graphql("/pos/graphql", stage.terminal_token, document, {"input": given})


def graphql(path: str, token: str, document: str, variables: dict[str, Any]) -> Request:
    return Request(path, json.dumps({"query": document, "variables": variables}), token)
