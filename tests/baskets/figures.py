"""What a sale costs: time, statements, and bytes on the disk, at the beginning of the year and at its end."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

WINDOW = 2_000
"""So many sales are the beginning, and the end, of a year; fewer where there are not twice as many."""


@dataclass(slots=True, eq=False)
class Meter:
    """The seconds and statements of each sale: a code is shown, the basket is quoted, and checked out by the quote."""

    seconds: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)
    _heard: int = 0

    def __call__(self, logged: Any) -> None:
        """One statement more, BEGIN and COMMIT included: what a pool calls as `on_query`."""
        self._heard += 1

    @asynccontextmanager
    async def measured(self) -> AsyncIterator[None]:
        """One sale. asyncpg tells of statements in the next turn of the event loop."""
        await asyncio.sleep(0)
        heard, begun = self._heard, time.perf_counter()
        yield
        self.seconds.append(time.perf_counter() - begun)
        await asyncio.sleep(0)
        self.statements.append(self._heard - heard)

    def forget(self) -> None:
        """The last one was none: it was refused."""
        self.seconds.pop()
        self.statements.pop()

    def said(self) -> str:
        """The beginning and the end, in the middle of each: half of the sales took less."""
        window = min(WINDOW, len(self.seconds) // 2)
        return "; ".join(
            f"{name} {_middle(self.seconds[part]) * 1000:.1f} ms and {_middle(self.statements[part]):.0f} statements"
            f" (mean {_mean(self.statements[part]):.1f}) a sale"
            for name, part in (("at its beginning", slice(window)), ("at its end", slice(-window, None)))
        )


def _middle(numbers: list[float] | list[int]) -> float:
    return sorted(numbers)[len(numbers) // 2]


def _mean(numbers: list[int]) -> float:
    return sum(numbers) / len(numbers)
