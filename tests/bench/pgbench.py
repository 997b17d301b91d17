"""pgbench with the statements of an operation: what PostgreSQL could do if nothing stood before it."""

import math
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from infra.pool import ROLE
from infra.postgres import client
from tests.bench.load import summary

CONNECTIONS = 16
THREADS = 2


def run(dsn: str, script: str, *, seconds: float, warm_up_seconds: float) -> dict[str, float]:
    """Transactions per second, and percentiles in milliseconds. To be called off the event loop."""
    with tempfile.TemporaryDirectory(prefix="regulars-pgbench-") as name:
        folder = Path(name)
        (folder / "script.sql").write_text(script)
        command, environment = client.prepare(
            "pgbench",
            dsn,
            "--no-vacuum",
            "--protocol=prepared",
            f"--client={CONNECTIONS}",
            f"--jobs={THREADS}",
            f"--time={math.ceil(seconds + warm_up_seconds)}",
            f"--file={folder / 'script.sql'}",
            "--log",
            f"--log-prefix={folder / 'log'}",
        )
        environment["PGOPTIONS"] = f"-c role={ROLE} -c timezone=UTC"
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        finished = sorted(transactions(folder))
    counts_from = finished[0][0] + warm_up_seconds
    counted = [(at, took) for at, took in finished if at - took >= counts_from]
    return summary([took for _, took in counted], counted[-1][0] - counts_from)


def transactions(folder: Path) -> Iterator[tuple[float, float]]:
    """When each transaction ended, and how many seconds it took.

    The format: https://www.postgresql.org/docs/18/pgbench.html, "Per-Transaction Logging".
    """
    for log in folder.glob("log.*"):
        for line in log.read_text().splitlines():
            _, _, microseconds, _, second, fraction = line.split()[:6]
            yield int(second) + int(fraction) / 1e6, int(microseconds) / 1e6
