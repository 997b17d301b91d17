"""What was measured, as tables that can be pasted into a document."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.peers import Figures
from tests.bench.single import Start
from tests.web.browser.loading import Opened

API = "Regulars, GraphQL over HTTP"
BARE = "bare Starlette route"
STATEMENTS = "pgbench, the same statements"
PEERS = (API, BARE, STATEMENTS)


@dataclass(frozen=True, slots=True)
class Measured:
    """`rounds` by operation and peer."""

    rounds: Mapping[tuple[str, str], Sequence[Figures]]
    qr_code_ms: float
    access_token_us: float
    bombs_ms: Sequence[float]
    start: Start
    pages: Mapping[str, Opened]
    """By the path of the application; empty on a machine without a browser."""
    api_memory_mb: float
    worker_memory_mb: float


def write(measured: Measured, *, rounds: int, seconds: float, whole_seconds: float, machine: str) -> None:
    lines = [
        "",
        f"{machine}; everything on it: PostgreSQL (fsync on), one process of each kind, the load generator.",
        f"16 connections; medians of {rounds} interleaved rounds of {seconds:g} s; {whole_seconds:.0f} s in all.",
        "",
        *table(
            ["operation", "", "requests/s", "p50 ms", "p95 ms", "p99 ms", "of the bare route", "of the statements"],
            compared(measured),
        ),
        "",
        *table(["", "first after the start, ms", "later, ms"], started(measured.start)),
        "",
        *table(["", ""], alone(measured)),
        "",
        *table(
            ["opened in Chromium", "kB, packed", "files", "ms", "ms, slow 3G", "ms, again", "kB, again"],
            pages(measured),
        ),
        "",
    ]
    sys.stdout.write("\n".join(lines))


def compared(measured: Measured) -> list[list[str]]:
    rows = []
    for operation in dict.fromkeys(name for name, _ in measured.rounds):
        middle = {peer: medians(measured.rounds[operation, peer]) for peer in PEERS}
        for peer in PEERS:
            figures = middle[peer]
            rows.append(
                [
                    operation if peer == API else "",
                    peer,
                    f"{figures['per_second']:,.0f}",
                    *(f"{figures[name]:.1f}" for name in ("p50", "p95", "p99")),
                    *(f"{figures['per_second'] / middle[other]['per_second']:.2f}" for other in (BARE, STATEMENTS)),
                ]
            )
    return rows


def started(start: Start) -> list[list[str]]:
    return [[name, f"{start.first_ms[name]:.0f}", f"{start.later_ms[name]:.1f}"] for name in start.first_ms]


def alone(measured: Measured) -> list[list[str]]:
    bombs = measured.bombs_ms
    return [
        ["check-in code: sign the token and draw the QR code", f"{measured.qr_code_ms:.2f} ms"],
        ["access token: verify", f"{measured.access_token_us:.0f} µs"],
        [f"fragment bomb of 90 levels: refused, median of {len(bombs)}", f"{median(bombs):.1f} ms"],
        ["the same, the slowest", f"{max(bombs):.1f} ms"],
        ["API process: from its start until it answers", f"{measured.start.seconds:.1f} s"],
        ["API process: resident memory after the load", f"{measured.api_memory_mb:.0f} MB"],
        ["worker process: resident memory after some mails", f"{measured.worker_memory_mb:.0f} MB"],
    ]


def pages(measured: Measured) -> list[list[str]]:
    """Until each application can be used: first, over a slow network, and from what the device kept."""
    if not measured.pages:
        return [["not measured: no Chromium here", *[""] * 6]]
    return [
        [
            path,
            f"{opened.first.packed_bytes / 1000:.1f}",
            f"{opened.first.files}",
            *(f"{loaded.seconds * 1000:.0f}" for loaded in (opened.first, opened.slow, opened.second)),
            f"{opened.second.packed_bytes / 1000:.1f}",
        ]
        for path, opened in measured.pages.items()
    ]


def medians(rounds: Sequence[Figures]) -> Figures:
    return {name: median(each[name] for each in rounds) for name in rounds[0]}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """In the form of Markdown: numbers to the right."""
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    right = [all(row[n][:1].isdigit() for row in rows) for n in range(len(head))]
    rule = [("-" * (w - 1) + ":") if r else "-" * w for w, r in zip(widths, right, strict=True)]

    def line(cells: Sequence[str]) -> str:
        placed = (c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True))
        return f"| {' | '.join(placed)} |"

    return [line(head), line(rule), *map(line, rows)]
