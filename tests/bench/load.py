"""A load generator in a process of its own, so that it is not what is measured: `python -m tests.bench.load plan.json`.

Keeps so many connections busy, each with one request at a time, and prints how often and how quickly they were
answered, as JSON. An answer that is not what was expected ends it.
"""

import asyncio
import json
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import cast
from uuid import uuid4

import uvloop

FRESH_KEY = "00000000-0000-4000-8000-000000000000"
"""Stands in a body where every request has a new idempotency key."""

PATIENCE_SECONDS = 30.0
"""For the last answers."""

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    body: str
    token: str | None = None

    def fresh_body(self) -> str:
        return self.body.replace(FRESH_KEY, str(uuid4()))

    def raw(self) -> bytes:
        lines = [
            f"POST {self.path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Content-Type: application/json",
            "Accept: application/graphql-response+json, application/json",
            f"Content-Length: {len(self.body.encode())}",
        ]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        return "\r\n".join(lines).encode() + HEAD_END + self.body.encode()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked. `once` are requests of which each is good for one answer; else one is drawn every time."""

    port: int
    requests: Sequence[Request]
    expects: str
    seconds: float
    warm_up_seconds: float = 0.5
    connections: int = 16
    once: bool = False

    def said(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def heard(cls, text: str) -> "Plan":
        said = json.loads(text)
        return cls(**{**said, "requests": [Request(**each) for each in said["requests"]]})


class Load:
    """What all connections share."""

    def __init__(self, plan: Plan) -> None:
        self._requests = [request.raw() for request in plan.requests]
        self._once = plan.once
        self._expects = plan.expects.encode()
        self._key = FRESH_KEY.encode()
        self.counts_from = perf_counter() + plan.warm_up_seconds
        self.ends_at = self.counts_from + plan.seconds
        self.seconds: list[float] = []
        self.last_at = 0.0
        self.trouble: str | None = None

    def next(self) -> bytes | None:
        """What to ask now; None when it is over."""
        if self.trouble is not None or not self._requests or perf_counter() >= self.ends_at:
            return None
        request = self._requests.pop() if self._once else random.choice(self._requests)
        return request.replace(self._key, str(uuid4()).encode())

    def answered(self, head: bytes, body: bytes, began: float) -> None:
        now = perf_counter()
        if not head.startswith(b"HTTP/1.1 200 ") or self._expects not in body:
            self.trouble = (head + HEAD_END + body[:500]).decode(errors="replace")
        elif began >= self.counts_from:
            self.seconds.append(now - began)
            self.last_at = now


class Connection(asyncio.Protocol):
    def __init__(self, load: Load, ended: "asyncio.Future[None]") -> None:
        self._load = load
        self._ended = ended
        self._heard = b""
        self._began = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._heard = self._heard + data if self._heard else data
        head, end, body = self._heard.partition(HEAD_END)
        length = LENGTH.search(head) if end else None
        if length is None or len(body) < int(length[1]):
            return
        self._heard = b""
        self._load.answered(head, body, self._began)
        self._ask()

    def connection_lost(self, problem: Exception | None) -> None:
        if not self._ended.done():
            self._load.trouble = f"a connection broke: {problem}"
            self._ended.set_result(None)

    def _ask(self) -> None:
        request = self._load.next()
        if request is None:
            self._ended.set_result(None)
            self._transport.close()
            return
        self._began = perf_counter()
        self._transport.write(request)


async def run(plan: Plan) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    load = Load(plan)
    ends = [loop.create_future() for _ in range(plan.connections)]
    async with asyncio.timeout(plan.warm_up_seconds + plan.seconds + PATIENCE_SECONDS):
        for ended in ends:
            await loop.create_connection(partial(Connection, load, ended), "127.0.0.1", plan.port)
        await asyncio.gather(*ends)
    if load.trouble is not None:
        sys.exit(load.trouble)
    return summary(load.seconds, load.last_at - load.counts_from)


def summary(latencies: Sequence[float], seconds: float) -> dict[str, float]:
    """Requests per second, and percentiles in milliseconds."""
    ordered = sorted(latencies)
    return {
        "per_second": len(ordered) / seconds,
        **{f"p{percent}": ordered[len(ordered) * percent // 100] * 1000 for percent in (50, 95, 99)},
    }


def main() -> None:
    plan = Plan.heard(Path(sys.argv[1]).read_text())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.write(json.dumps(runner.run(run(plan))))


if __name__ == "__main__":
    main()
