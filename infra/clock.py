"""The time of the application. Below infra/ time is an argument; here is where it comes from."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]
"""Called for the present moment, aware and in UTC."""

DEMO_CLOCK = "clock-ahead-seconds"
"""The file in the data folder that says how far the demo's clock is ahead."""

AHEAD_MAX = timedelta(days=3660)


def system_clock() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class DemoClock:
    """A clock that can be moved forward, so that expiry and activation can be watched.

    How far ahead it is stands in a file, so that a restart does not throw points back in time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ahead = timedelta(seconds=_read_seconds(path))

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    @property
    def ahead(self) -> timedelta:
        return self._ahead

    async def advance(self, by: timedelta) -> datetime:
        """The clock is `by` further on, and stays so. Raises ValueError for a step back or past ten years in all."""
        if by < timedelta(0):
            raise ValueError("The clock moves forward only.")
        if self._ahead + by > AHEAD_MAX:
            raise ValueError("The clock can be at most ten years ahead.")
        ahead = self._ahead + by
        await asyncio.to_thread(self._path.write_text, str(int(ahead.total_seconds())))
        self._ahead = ahead
        return self()


def _read_seconds(path: Path) -> int:
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return 0
