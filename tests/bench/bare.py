"""The same work without GraphQL: a bare Starlette route for each operation, in a process of the same shape.

The routes call the functions that the resolvers call, in the same transactions, and write plain JSON. They ask nobody
who they are. `python -m tests.bench.bare MERCHANT TERMINAL SESSION` serves that till, and says on which port.
"""

import sys
from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth import check_in_tokens, customers
from auth.viewers import SessionId
from infra import settings as environment
from infra.clock import system_clock
from infra.edge.logs import configure_logging
from infra.runtime import Runtime, running
from infra.serving import Server, config_of, ended_by_signals, listening, run, spare_the_collector
from tests.bench.operations import HISTORY_LINES, HOME_LINES
from wallet import cards, history, sales, stores, visits
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.history import Entry
from wallet.values import CardId, CustomerId, MerchantId, Minor, Terminal, TerminalId, VisitId


class Bare:
    def __init__(self, runtime: Runtime, merchant_id: UUID, terminal_id: UUID, session_id: UUID) -> None:
        self._runtime = runtime
        self._merchant_id = MerchantId(merchant_id)
        self._terminal_id = TerminalId(terminal_id)
        self._session_id = session_id

    async def scan(self, request: Request) -> Response:
        said, now, pool = orjson.loads(await request.body()), system_clock(), self._runtime.pool
        ring = await self._runtime.rings.current(now)
        async with pool.acquire() as conn, conn.transaction():
            terminal = await self._terminal(conn)
            code = check_in_tokens.read(ring, text=said["code"], now=now)
            visit = await visits.open_by_scan(conn, terminal=terminal, code=code, now=now)
        async with pool.acquire() as conn:
            card = await visits.member_card(conn, merchant_id=visit.merchant_id, card_id=visit.card_id)
        return answer({"visit_id": visit.visit_id, "expires_at": visit.expires_at, "card": asdict(card)})

    async def checkout(self, request: Request) -> Response:
        said, now = orjson.loads(await request.body()), system_clock()
        async with self._runtime.pool.acquire() as conn, conn.transaction():
            recorded = await sales.checkout(
                conn,
                terminal=await self._terminal(conn),
                customer=VisitId(UUID(said["visit_id"])),
                basket=basket(said["sale"]),
                idempotency_key=UUID(said["idempotency_key"]),
                now=now,
            )
        sale = recorded.sale
        self._runtime.changes.publish(sale.merchant_id, sale.card_id)
        lines = [{"line_id": line.line_id, "points": line.points, "status": line.status} for line in sale.lines]
        told = {"sale_id": sale.sale_id, "points": sale.points, "lines": lines, "card": asdict(recorded.card)}
        return answer(told)

    async def history(self, request: Request) -> Response:
        said = orjson.loads(await request.body())
        customer_id, card_id = CustomerId(UUID(said["customer_id"])), CardId(UUID(said["card_id"]))
        async with self._runtime.pool.acquire() as conn:
            card = await cards.find(conn, customer_id=customer_id, merchant_id=self._merchant_id, card_id=card_id)
        assert card is not None
        entries = await self._entries(card.card_id, HISTORY_LINES + 1)
        shown = [
            {
                "id": f"{entry.card_id}.{entry.seq}",
                "kind": entry.kind,
                "points": entry.points,
                "pending_points": entry.pending_points,
                "balance_after": entry.active_after,
                "occurred_at": entry.occurred_at,
                "store_name": entry.store_name,
                "receipt_number": entry.receipt_number,
            }
            for entry in entries[:HISTORY_LINES]
        ]
        return answer({"entries": shown, "more": len(entries) > HISTORY_LINES})

    async def home(self, request: Request) -> Response:
        said = orjson.loads(await request.body())
        customer_id, session_id = CustomerId(UUID(said["customer_id"])), SessionId(UUID(said["session_id"]))
        async with self._runtime.pool.acquire() as conn:
            customer = await customers.find(conn, customer_id=customer_id, session_id=session_id)
        assert customer is not None
        async with self._runtime.pool.acquire() as conn:
            found = await cards.of_customer(conn, customer_id=customer_id)
        return answer({"email": customer.email, "cards": [await self._shown(card) for card in found]})

    async def _shown(self, card: cards.Card) -> dict[str, Any]:
        lines = await self._entries(card.card_id, HOME_LINES + 1)
        return {
            "number": card.number,
            "balance": {"active": card.active, "pending": card.pending, "reserved": card.reserved},
            "history": [
                {
                    "kind": entry.kind,
                    "points": entry.points,
                    "balance_after": entry.active_after,
                    "occurred_at": entry.occurred_at,
                }
                for entry in lines[:HOME_LINES]
            ],
        }

    async def _entries(self, card_id: CardId, first: int) -> list[Entry]:
        async with self._runtime.pool.acquire() as conn:
            found = await history.pages(conn, cards=[(self._merchant_id, card_id)], first=first, before_seq=None)
        return found[card_id]

    async def _terminal(self, conn: Conn) -> Terminal:
        return await stores.load_terminal(
            conn,
            merchant_id=self._merchant_id,
            terminal_id=self._terminal_id,
            session_id=self._session_id,
            now=system_clock(),
        )


def basket(said: dict[str, Any]) -> Basket:
    lines = (
        Line(
            line_id=line["lineId"],
            amount_minor=Minor(line["amountMinor"]),
            description=line["description"],
            quantity=line.get("quantity", 1),
        )
        for line in said["lines"]
    )
    return Basket(receipt_number=said["receiptNumber"], currency=said["currency"], lines=tuple(lines))


def answer(told: object) -> Response:
    return Response(orjson.dumps(told, default=str), media_type="application/json")


async def serve(merchant_id: UUID, terminal_id: UUID, session_id: UUID) -> None:
    settings = environment.load(port=0)
    configure_logging(style="json")
    async with running(settings, system_clock, name="regulars bare") as runtime:
        bare = Bare(runtime, merchant_id, terminal_id, session_id)
        routes = [
            Route(f"/{name}", route, methods=["POST"])
            for name, route in (
                ("scan", bare.scan),
                ("checkout", bare.checkout),
                ("history", bare.history),
                ("home", bare.home),
            )
        ]
        with listening(settings) as sockets:
            spare_the_collector()
            server = Server(config_of(Starlette(routes=routes), settings))
            with ended_by_signals(lambda: setattr(server, "should_exit", True)):
                sys.stderr.write(f'{{"event": "serving", "port": {sockets[0].getsockname()[1]}}}\n')
                sys.stderr.flush()
                await server.serve(sockets=sockets)


if __name__ == "__main__":
    run(serve(*(UUID(each) for each in sys.argv[1:4])))
