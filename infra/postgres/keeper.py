"""The process that owns a server: it restarts one that dies, and stops one that nobody uses any more.

It belongs to no process of Regulars (its own session, no parent), so neither Ctrl-C nor a kill -9 of one of them takes
the database from the others. Who uses the server holds a shared lock on a file; the kernel drops it however they end.
If the keeper itself is killed, the kernel tells PostgreSQL to stop (Linux), and whoever uses it starts another keeper.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from infra.postgres import postmaster

LOCK_SECONDS = 2.0
LOOK_SECONDS = 1.0
FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 2.0
FIRST_STARTS = 5
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Job:
    """What a keeper is told, as JSON. The paths are absolute; `remove` goes when nobody is left to do it."""

    command: list[str]
    uid: int
    gid: int
    data: str
    sockets: str
    in_use: str
    lock: str
    remove: str | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def said(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def heard(cls, text: str) -> "Job":
        return cls(**json.loads(text))


def main() -> None:
    """The lock is taken before the fork, so that whoever called us finds it held as soon as we return."""
    job = Job.heard(sys.argv[1])
    lock = os.open(job.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if not take(lock):
        sys.exit(f"another keeper has {job.lock}")
    if os.fork():
        os._exit(0)
    os.setsid()
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    Keeper(job).run()


def take(lock: int) -> bool:
    """Tries for a while, because whoever asks if there is a keeper holds the lock for an instant."""
    deadline = time.monotonic() + LOCK_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(LOCK_SECONDS / 100)
    return False


class Keeper:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.told_to_stop = False
        self.is_unused = False
        self.in_use = os.open(job.in_use, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.waking, wake = os.pipe()
        os.set_blocking(self.waking, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGUSR1, lambda *_: self.stop_soon())
        for unheard in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(unheard, lambda *_: None)

    def stop_soon(self) -> None:
        """SIGUSR1: from the last user, who holds the lock alone until we are gone."""
        self.told_to_stop = True

    def run(self) -> None:
        delay, starts, was_ready = FIRST_DELAY_SECONDS, 0, False
        while not self.is_over():
            postmaster.clear(Path(self.job.data), Path(self.job.sockets))
            server = self.start()
            starts += 1
            while server.poll() is None and not self.is_over():
                self.sleep(LOOK_SECONDS)
                if self.says_ready(server.pid):
                    was_ready, delay = True, FIRST_DELAY_SECONDS
            if server.returncode is None:
                self.stop(server)
                break
            if not was_ready and starts >= FIRST_STARTS:
                sys.exit(1)
            self.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY_SECONDS)
        if self.job.remove and self.is_unused:
            shutil.rmtree(self.job.remove, ignore_errors=True)

    def start(self) -> subprocess.Popen[bytes]:
        us = os.getpid()

        def die_with_us() -> None:
            # After setuid, because that clears it; then a look whether we were faster in dying.
            if sys.platform == "linux":
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
            if os.getppid() != us:
                os._exit(1)

        other = self.job.uid != os.geteuid()
        return subprocess.Popen(  # noqa: S603
            self.job.command,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=self.job.environment,
            umask=0o077,
            preexec_fn=die_with_us,  # noqa: PLW1509  (there are no threads here)
            restore_signals=True,
            user=self.job.uid if other else None,
            group=self.job.gid if other else None,
            extra_groups=[] if other else None,
        )

    def is_over(self) -> bool:
        """True if nobody uses the server. From then on we hold the lock, and a newcomer waits until we are gone."""
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(self.in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.is_unused = True
        return self.is_unused or self.told_to_stop

    def says_ready(self, pid: int) -> bool:
        """True if this server accepts connections, or did until it was killed: then its pid file is still there."""
        with contextlib.suppress(OSError):
            lines = (Path(self.job.data) / "postmaster.pid").read_text().split()
            return lines[0] == str(pid) and lines[-1] == "ready"
        return False

    def stop(self, server: subprocess.Popen[bytes]) -> None:
        """Fast shutdown, and if that takes too long an immediate one: both keep everything that was committed."""
        server.send_signal(signal.SIGINT)
        try:
            server.wait(postmaster.STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait()

    def sleep(self, seconds: float) -> None:
        """Ends early when a child ends or a signal comes."""
        if select.select([self.waking], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self.waking, 1024)


if __name__ == "__main__":
    main()
