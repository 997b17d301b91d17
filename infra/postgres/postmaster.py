"""Is a server running in a data folder? The answer comes from postmaster.pid and from the process it names."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

STATUS_LINE = 7
STOP_SECONDS = 60.0
"""After so long a shutdown is no longer waited for; an immediate one keeps what was committed just as well."""


@dataclass(frozen=True, slots=True)
class Postmaster:
    pid: int
    ready: bool


def find(data: Path) -> Postmaster | None:
    """The live server of this data folder. A pid file of a dead one, or of one that nobody has reaped, counts as none.

    Format: https://www.postgresql.org/docs/18/storage-file-layout.html and src/include/utils/pidfile.h.
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    if pid <= 1 or not _is_live_server(pid, data):
        return None
    return Postmaster(pid, ready=len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready")


def clear(data: Path, sockets: Path) -> None:
    """Afterwards no server runs here, and nothing that an earlier one left stands in the way of the next.

    A live server whose keeper is gone is stopped. PostgreSQL itself refuses to start over the lock files of a killed
    postmaster that its parent has not reaped, which in a container can be for ever.
    """
    deadline = time.monotonic() + STOP_SECONDS
    while (found := find(data)) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.pid, signal.SIGINT if time.monotonic() < deadline else signal.SIGQUIT)
        time.sleep(0.02)
    for left in (data / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)


def _is_live_server(pid: int, data: Path) -> bool:
    """True if the process lives and was started as the server of this folder: the number may be somebody else's by now.

    By its command line, because a root without CAP_SYS_PTRACE (a container's) may not read another user's exe link.
    """
    state, command = described_by_proc(pid) if sys.platform == "linux" else described_by_ps(pid)
    return state[:1] not in {"", "Z", "X"} and f"postgres -D {data} " in f"{command} "


def described_by_proc(pid: int) -> tuple[str, str]:
    """The state of a process, Z for one that ended and was not reaped, and its command line: proc(5)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        command = os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes())
    except (OSError, IndexError):
        return "", ""
    return state, command.replace("\0", " ")


def described_by_ps(pid: int) -> tuple[str, str]:
    """The same where there is no /proc: ps(1) of POSIX."""
    said = subprocess.run(  # noqa: S603
        ["/bin/ps", "-ww", "-o", "stat=,args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, command = said.stdout.strip().partition(" ")
    return state, command.strip()
