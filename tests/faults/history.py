"""What clients wanted, what they were told, and the proof that both are true of the database.

A client that hears nothing, or that something went wrong on our side, does not know whether it was done. It keeps the
key and asks again with it, as apps and tills do. So each deed is acknowledged or open, and at every moment:

- what was acknowledged is there, once;
- what is open is there once or not at all;
- what was open, asked for again and acknowledged is there once.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.live import Caller
from wallet.database import Conn
from wallet.values import CardId

KEYS_SQL = """
    SELECT idempotency_key FROM sales
    UNION ALL
    SELECT idempotency_key FROM refunds
    UNION ALL
    SELECT idempotency_key FROM gift_events WHERE idempotency_key IS NOT NULL
"""

CARDS_SQL = """
    SELECT c.card_id, c.revision,
           SUM(a.balance) FILTER (WHERE a.kind = 'active')::bigint AS active,
           COALESCE(SUM(a.balance) FILTER (WHERE a.kind = 'gift'), 0)::bigint AS reserved
    FROM cards AS c
    JOIN accounts AS a ON a.merchant_id = c.merchant_id AND a.card_id = c.card_id
    WHERE c.card_id = ANY($1::uuid[])
    GROUP BY c.card_id, c.revision
"""

OUR_FAULTS = {"INTERNAL", "TIMEOUT", "UNAVAILABLE"}


class Unknown(Exception):
    """Nobody said whether it was done. `code` is what we said instead, None if there was no answer."""

    def __init__(self, code: str | None = None) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True, eq=False)
class Deed:
    """Something that a client wants done once to a card. `answer` is what it was told, None while it does not know."""

    card_id: CardId
    caller: Caller
    document: str
    given: dict[str, Any]
    wanted: str
    answer: dict[str, Any] | None = None
    was_there: bool | None = None
    """Whether it was in the database when its client did not know; None if the client always knew."""

    @property
    def key(self) -> str:
        return str(self.given["idempotencyKey"])


@dataclass(slots=True, eq=False)
class History:
    """All deeds of a test, in the order in which they were begun."""

    deeds: list[Deed] = field(default_factory=list)
    acknowledged: int = 0
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    async def do(self, deed: Deed) -> dict[str, Any]:
        """It is remembered, asked for once, and answered. Raises Unknown."""
        self.deeds.append(deed)
        return await self._ask(deed)

    async def _ask(self, deed: Deed) -> dict[str, Any]:
        answer = await answer_to(deed)
        assert answer["__typename"] == deed.wanted, answer
        deed.answer = answer
        self.acknowledged += 1
        self._more.set()
        return answer

    async def reaches(self, acknowledged: int) -> None:
        """Returns when so many deeds are acknowledged."""
        async with asyncio.timeout(60):
            while self.acknowledged < acknowledged:
                self._more.clear()
                await self._more.wait()

    @property
    def open(self) -> list[Deed]:
        return [deed for deed in self.deeds if deed.answer is None]

    async def look(self, conn: Conn) -> Counter[bool]:
        """What was acknowledged is there once, what is open once or not at all: how many of these are and are not."""
        times = await self._times(conn)
        for deed in self.deeds:
            if deed.answer is None:
                assert times[deed.key] in {0, 1}, deed
                deed.was_there = times[deed.key] == 1
            else:
                assert times[deed.key] == 1, deed
        return Counter(times[deed.key] == 1 for deed in self.open)

    async def ask_again(self) -> int:
        """Every client that does not know has asked again with its key, and been told. Returns how many did.

        A sale or a refund says whether it had been there.
        """
        asked = self.open
        for deed in asked:
            answer = await self._ask(deed)
            assert answer.get("replayed", deed.was_there) == deed.was_there, deed
        return len(asked)

    async def prove(self, conn: Conn, *, points_at_first: int) -> None:
        """Every deed was done once, and each card holds what it had and what the answers say, and nothing else."""
        assert self.open == []
        assert await self._times(conn) == Counter(deed.key for deed in self.deeds)
        expected = {deed.card_id: (1, points_at_first, 0) for deed in self.deeds}
        for deed in self.deeds:
            assert deed.answer is not None
            revision, active, reserved = expected[deed.card_id]
            more_active, more_reserved = effect(deed.answer)
            expected[deed.card_id] = (revision + 1, active + more_active, reserved + more_reserved)
        rows = await conn.fetch(CARDS_SQL, list(expected))
        assert {row["card_id"]: (row["revision"], row["active"], row["reserved"]) for row in rows} == expected

    async def _times(self, conn: Conn) -> Counter[str]:
        """How often each key is there. No other key is."""
        times = Counter(str(row["idempotency_key"]) for row in await conn.fetch(KEYS_SQL))
        assert set(times) <= {deed.key for deed in self.deeds}
        return times


async def answer_to(deed: Deed) -> dict[str, Any]:
    """The result of the mutation. Raises Unknown when the connection broke, and when we say that we are at fault."""
    try:
        response = await deed.caller.post(deed.document, {"input": deed.given})
    except httpx.TransportError as trouble:
        raise Unknown from trouble
    body = response.json()
    if "errors" in body:
        [error] = body["errors"]
        assert error["extensions"]["code"] in OUR_FAULTS, body
        raise Unknown(error["extensions"]["code"])
    [answer] = body["data"].values()
    found: dict[str, Any] = answer
    return found


def effect(answer: dict[str, Any]) -> tuple[int, int]:
    """By how much the answer says that the card's active and reserved points changed."""
    match answer["__typename"]:
        case "SaleRecorded":
            return answer["sale"]["points"], 0
        case "SaleRefunded":
            return -answer["pointsTakenBack"], 0
        case "GiftSent":
            return -answer["gift"]["points"], answer["gift"]["points"]
        case "GiftCancelled":
            return answer["gift"]["points"], -answer["gift"]["points"]
        case other:
            raise AssertionError(other)
