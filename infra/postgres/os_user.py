"""As whom PostgreSQL runs. It refuses to run as root, so root runs it as `nobody`; no user is added to the machine."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from infra.postgres.errors import PostgresError


class SpawnAs(TypedDict, total=False):
    """The arguments of subprocess that make a child run as somebody else. Empty: as ourselves."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class OsUser:
    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        return self.uid == os.geteuid()

    @property
    def spawn_as(self) -> SpawnAs:
        return {} if self.is_us else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        """True if this user may pass through the folder and all above it. What does not exist yet is ours to make."""
        existing = [path for path in (folder, *folder.parents) if path.exists()]
        if self.is_us:
            return os.access(existing[0], os.X_OK)
        return all(self._can_search(path) for path in existing)

    def _can_search(self, folder: Path) -> bool:
        found = folder.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)


def for_data(data: Path) -> OsUser:
    """Who runs the server of this data folder: ourselves; when we are root, its owner, and `nobody` if it is new."""
    if os.geteuid() == 0 and data.exists() and (found := data.stat()).st_uid != 0:
        return OsUser(found.st_uid, found.st_gid)
    return for_new_data()


def for_new_data() -> OsUser:
    """Who runs a server that is made now."""
    return nobody() if os.geteuid() == 0 else OsUser(os.geteuid(), os.getegid())


def nobody() -> OsUser:
    try:
        found = pwd.getpwnam("nobody")
    except KeyError as error:
        raise PostgresError(
            "PostgreSQL does not run as root, and this machine has no user `nobody` to run it as: "
            "start Regulars as an ordinary user, or set DATABASE_URL."
        ) from error
    return OsUser(found.pw_uid, found.pw_gid)
