"""A share in a running server: the first one who asks starts it, the last one who leaves stops it."""

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from infra.postgres import binaries as programs
from infra.postgres import cluster, os_user, postmaster
from infra.postgres.binaries import Binaries
from infra.postgres.cluster import Layout
from infra.postgres.errors import PostgresError
from infra.postgres.keeper import Job
from infra.postgres.os_user import OsUser

START_SECONDS = 300.0
"""As long as a recovery after a crash may take before a start is given up."""
STOP_SECONDS = 90.0
LOOK_SECONDS = 1.0
STEP_SECONDS = 0.01
LOG_MAX_BYTES = 8 * 1024 * 1024
"""A longer log is set aside at the next start."""

SETTINGS = {
    "listen_addresses": "",
    "port": str(cluster.PORT),
    "max_connections": "150",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # a DETAIL quotes the row, and rows have e-mail addresses
    "jit": "off",
}
THROWAWAY_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Server:
    """How to reach it. The application's login owns nothing; the owner's is for migrations."""

    data_dir: Path
    app_dsn: str
    owner_dsn: str
    superuser_dsn: str
    passfile: Path
    binaries: Binaries


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[Server]:
    """The server of this data folder, made on first use and kept running: it is back within seconds of any kill -9.

    Raises PostgresError, with the folder as it was, if it cannot run here.
    """
    share = await asyncio.to_thread(Share.take, data_dir)
    guard = asyncio.create_task(_guard(share))
    try:
        yield share.server
    finally:
        guard.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await guard
        await asyncio.to_thread(share.leave)


@contextmanager
def ephemeral() -> Iterator[Server]:
    """A throwaway server for tests: fast, and gone with its data at the end, even if that end is a kill -9 of us."""
    folder = _throwaway_folder()
    try:
        share = Share.take(folder, throwaway=True)
        try:
            yield share.server
        finally:
            share.leave()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Share:
    """The right to a running server. Held as a shared lock, so that the kernel gives it back for whoever is killed."""

    def __init__(self, layout: Layout, user: OsUser, binaries: Binaries, *, throwaway: bool) -> None:
        self.layout = layout
        self.user = user
        self.binaries = binaries
        self.throwaway = throwaway
        self.in_use = _open(layout.in_use)
        self.server: Server

    @classmethod
    def take(cls, data_dir: Path, *, throwaway: bool = False) -> "Share":
        """Blocks until the server accepts connections. To be called off the event loop."""
        layout = Layout.of(data_dir)
        try:
            user = os_user.for_data(layout.data)
            binaries = programs.find(user)
            cluster.prepare_folders(layout, user)
            share = cls(layout, user, binaries, throwaway=throwaway)
            try:
                _lock(share.in_use, fcntl.LOCK_SH, START_SECONDS)
                share.start()
                share.server = share._server()
            except BaseException:
                os.close(share.in_use)
                raise
        except OSError as error:
            raise PostgresError(f"PostgreSQL cannot be started in {data_dir}: {error}") from error
        return share

    def start(self) -> None:
        """Afterwards the server accepts connections, whoever started it."""
        starting = _open(self.layout.starting)
        try:
            _lock(starting, fcntl.LOCK_EX, START_SECONDS)
            if not self.layout.cluster.exists():
                cluster.create(self.layout, self.binaries, self.user, durable=not self.throwaway)
            cluster.check(self.layout, self.binaries, self.user)
            if not self.is_kept():
                self._spawn_keeper()
            self._wait_until_ready()
        finally:
            os.close(starting)

    def is_kept(self) -> bool:
        """True while a keeper lives: it holds its lock alone from before it is born."""
        try:
            probe = _open(self.layout.keeper)
        except FileNotFoundError:
            return False  # somebody removed the folder
        try:
            fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(probe)
        return False

    def leave(self) -> None:
        """Gives the share back. The last one waits until the server has stopped: a container may end after it."""
        try:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self.in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._stop_keeper()
        finally:
            os.close(self.in_use)

    def _stop_keeper(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        told = False
        while self.is_kept() and time.monotonic() < deadline:
            if not told:
                with contextlib.suppress(OSError, ValueError):
                    os.kill(int(self.layout.keeper.read_text()), signal.SIGUSR1)
                    told = True
            time.sleep(STEP_SECONDS)

    def _spawn_keeper(self) -> None:
        settings = {**SETTINGS, "unix_socket_directories": str(self.layout.sockets)}
        if self.throwaway:
            settings |= THROWAWAY_SETTINGS
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        job = Job(
            command=[self.binaries.path("postgres"), "-D", str(self.layout.data), *options],
            uid=self.user.uid,
            gid=self.user.gid,
            data=str(self.layout.data),
            sockets=str(self.layout.sockets),
            in_use=str(self.layout.in_use),
            lock=str(self.layout.keeper),
            remove=str(self.layout.folder.parent) if self.throwaway else None,
            environment=cluster.environment(),
        )
        source = Path(__file__).resolve().parents[2]
        if self.layout.log.exists() and self.layout.log.stat().st_size > LOG_MAX_BYTES:
            self.layout.log.rename(self.layout.log.with_suffix(".1"))
        self.layout.log.touch(mode=0o600)
        with self.layout.log.open("a") as written:
            begun = subprocess.run(  # noqa: S603
                [sys.executable, "-S", "-P", "-m", "infra.postgres.keeper", job.said()],
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                cwd="/",
                env={**cluster.environment(), "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"},
                check=False,
            )
        if begun.returncode:
            raise PostgresError(f"PostgreSQL's keeper does not start: {self._last_words()} (more in {self.layout.log})")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self.is_kept() and time.monotonic() < deadline:
            found = postmaster.find(self.layout.data)
            if found is not None and found.ready:
                return
            time.sleep(STEP_SECONDS)
        raise PostgresError(f"PostgreSQL does not start: {self._last_words()} (more in {self.layout.log})")

    def _last_words(self) -> str:
        lines = self.layout.log.read_text(errors="replace").splitlines()
        grave = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
        return (grave or lines or ["it says nothing"])[-1].strip()

    def _server(self) -> Server:
        passwords = self.layout.passwords()

        def dsn(role: str, database: str = cluster.DATABASE) -> str:
            host = quote(str(self.layout.sockets), safe="/")
            return f"postgresql://{role}:{passwords[role]}@/{database}?host={host}&port={cluster.PORT}"

        return Server(
            data_dir=self.layout.folder.parent,
            app_dsn=dsn(cluster.APP),
            owner_dsn=dsn(cluster.OWNER),
            superuser_dsn=dsn(cluster.SUPERUSER, "postgres"),
            passfile=self.layout.passfile,
            binaries=self.binaries,
        )


async def _guard(share: Share) -> None:
    """Starts another keeper when ours was killed. The server itself is the keeper's business."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if not share.is_kept():
            try:
                await asyncio.to_thread(share.start)
            except (PostgresError, OSError) as error:
                log.error("%s", error)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError as error:
        raise PostgresError(
            f"{path.parent} belongs to another user: start Regulars as that user, or set REGULARS_DATA_DIR to a "
            "folder of your own."
        ) from error


def _lock(file: int, kind: int, patience_seconds: float) -> None:
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            return fcntl.flock(file, kind | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno != errno.EWOULDBLOCK:
                raise
        if time.monotonic() > deadline:
            raise PostgresError("Another process of Regulars has been starting or stopping PostgreSQL for minutes.")
        time.sleep(STEP_SECONDS)


def _throwaway_folder() -> Path:
    user = os_user.for_new_data()
    places = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108
    place = next((p for p in places if user.can_enter(p) and os.access(p, os.W_OK)), places[0])
    folder = Path(tempfile.mkdtemp(prefix="regulars-test-", dir=place))
    folder.chmod(0o711)
    return folder
