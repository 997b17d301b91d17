"""The data folder of the embedded server: made whole or not at all, with its roles, its database and its passwords."""

import hashlib
import os
import secrets
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.postgres import os_user
from infra.postgres.binaries import Binaries
from infra.postgres.errors import PostgresError
from infra.postgres.os_user import OsUser

SUPERUSER = "postgres"
OWNER = "regulars_owner"
APP = "regulars"
APP_ROLE = "regulars_app"
DATABASE = "regulars"
PORT = 5432
SOCKET_PATH_MAX_BYTES = 103
"""sockaddr_un.sun_path less its closing NUL: 103 on macOS, 107 on Linux (unix(7))."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What lies where. `folder` is ours, `data` belongs to the user that runs the server."""

    folder: Path

    @classmethod
    def of(cls, data_dir: Path) -> "Layout":
        return cls(data_dir.resolve() / "postgres")

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def data(self) -> Path:
        return self.cluster / "data"

    @property
    def passfile(self) -> Path:
        """In libpq's format (https://www.postgresql.org/docs/18/libpq-pgpass.html), mode 0600."""
        return self.cluster / "pgpass"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def in_use(self) -> Path:
        return self.folder / "in-use.lock"

    @property
    def starting(self) -> Path:
        return self.folder / "starting.lock"

    @property
    def keeper(self) -> Path:
        return self.folder / "keeper.lock"

    @property
    def sockets(self) -> Path:
        """The socket's folder: the same one at every start, and short enough for a socket's path."""
        beside = self.folder / "run"
        if len(os.fsencode(beside / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_MAX_BYTES:
            return beside
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path("/tmp") / f"regulars-{os.geteuid()}-{name}"  # noqa: S108  (its owner is checked)

    def passwords(self) -> dict[str, str]:
        lines = self.passfile.read_text().splitlines()
        return {line.split(":")[3]: line.split(":")[4] for line in lines}


def default_data_dir() -> Path:
    """`.data` of the checkout; where that cannot be, the usual place of this user. The server's user can enter it."""
    checkout = Path(__file__).resolve().parents[2]
    beside = checkout / ".data"
    if (checkout / "pyproject.toml").exists() and os_user.for_data(Layout.of(beside).data).can_enter(checkout):
        return beside
    if os.geteuid() == 0:
        return Path("/var/lib/regulars")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "regulars"


def prepare_folders(layout: Layout, user: OsUser) -> None:
    """Afterwards the folders around the cluster exist. Raises PostgresError if the server's user cannot reach them."""
    if not user.can_enter(layout.folder):
        raise PostgresError(
            f"The user that runs PostgreSQL (uid {user.uid}) cannot enter {layout.folder.parent}: set "
            "REGULARS_DATA_DIR to a folder that everybody can enter, like /var/lib/regulars, or start Regulars as an "
            "ordinary user."
        )
    try:
        make_folders(layout.folder)
        own_folder(layout.sockets, user)
    except OSError as error:
        raise PostgresError(f"The data folder {layout.folder.parent} cannot be made: {error.strerror}.") from error


def make_folders(folder: Path) -> None:
    """Afterwards it exists, and what had to be made for it is open to those who must enter, whatever the umask is."""
    for missing in [path for path in (*reversed(folder.parents), folder) if not path.exists()]:
        missing.mkdir(exist_ok=True)
        missing.chmod(0o755 if os.geteuid() == 0 else 0o700)


def own_folder(folder: Path, user: OsUser) -> None:
    """Afterwards the folder exists, is no link and is writable by the server's user alone."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {user.uid, os.geteuid()}:
        raise PostgresError(f"{folder} belongs to somebody else (uid {found.st_uid}): remove it.")
    if found.st_uid != user.uid:
        os.chown(folder, user.uid, user.gid)
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def check(layout: Layout, binaries: Binaries, user: OsUser) -> None:
    """Raises PostgresError if these binaries or this user cannot run the cluster. It is left as it is."""
    major = (layout.data / "PG_VERSION").read_text().strip()
    if major != str(binaries.major):
        raise PostgresError(
            f"The data in {layout.data} is of PostgreSQL {major}, and this is PostgreSQL {binaries.major}: dump it "
            f"with a Regulars that has PostgreSQL {major} (regulars db dump) and restore it into a new folder."
        )
    owner = layout.data.stat().st_uid
    if owner != user.uid:
        raise PostgresError(
            f"The data in {layout.data} belongs to uid {owner}, and this is uid {os.geteuid()}: "
            "start Regulars as the user who made it, or set REGULARS_DATA_DIR to another folder."
        )


def create(layout: Layout, binaries: Binaries, user: OsUser, *, durable: bool = True) -> None:
    """Makes the cluster: checksums on, collation builtin C.UTF-8 (the same on every machine), passwords everywhere.

    It is made beside its place and moved there at the end, so that a start that was interrupted leaves none.
    """
    for interrupted in layout.folder.glob("new-*"):
        shutil.rmtree(interrupted)
    new = Path(tempfile.mkdtemp(prefix="new-", dir=layout.folder))
    try:
        new.chmod(0o755)
        passwords = {role: secrets.token_urlsafe(32) for role in (SUPERUSER, OWNER, APP)}
        passfile = new / "pgpass"
        passfile.touch(mode=0o600)
        passfile.write_text("".join(f"*:*:*:{role}:{password}\n" for role, password in passwords.items()))
        own_folder(new / "data", user)
        _initdb(new / "data", binaries, user, passwords[SUPERUSER], durable=durable)
        _bootstrap(new / "data", binaries, user, passwords)
        new.rename(layout.cluster)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _initdb(data: Path, binaries: Binaries, user: OsUser, password: str, *, durable: bool) -> None:
    with tempfile.TemporaryDirectory(dir=data.parent) as scratch:
        secret = Path(scratch) / "password"
        secret.touch(mode=0o600)
        secret.write_text(password + "\n")
        for path in (Path(scratch), secret):
            os.chown(path, user.uid, user.gid)
        command = [
            binaries.path("initdb"),
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--data-checksums",
            "--no-instructions",
        ]
        if not durable:
            command += ["--no-sync", "--wal-segsize=1"]
        _run(command, user, data)


def _bootstrap(data: Path, binaries: Binaries, user: OsUser, passwords: dict[str, str]) -> None:
    """The roles and the database, by the server in single-user mode: no socket is open before there are passwords.

    The passwords are 256 random bits, so that rounds of hashing would slow down nobody but us.
    """
    statements = [
        f"CREATE ROLE {APP_ROLE} NOLOGIN",
        f"CREATE ROLE {OWNER} LOGIN PASSWORD '{passwords[OWNER]}' IN ROLE {APP_ROLE}",
        f"CREATE ROLE {APP} LOGIN PASSWORD '{passwords[APP]}' IN ROLE {APP_ROLE}",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
        f"REVOKE ALL ON DATABASE {DATABASE}, postgres, template1 FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP_ROLE}",
    ]
    options = ["-c", "exit_on_error=on", "-c", "scram_iterations=1", "-c", "log_checkpoints=off"]
    command = [binaries.path("postgres"), "--single", "-D", str(data), *options, "postgres"]
    _run(command, user, data, "".join(f"{statement};\n" for statement in statements))


def _run(command: list[str], user: OsUser, data: Path, said: str = "") -> None:
    done = subprocess.run(  # noqa: S603
        command,
        input=said,
        capture_output=True,
        text=True,
        check=False,
        cwd=data.parent,
        env=environment(),
        umask=0o077,
        **user.spawn_as,
    )
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise PostgresError(f"PostgreSQL could not make its data folder: {last}")


def environment() -> dict[str, str]:
    """For the programs of PostgreSQL: nothing of ours, so that no PGHOST or PGDATA of the person leads them astray."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
