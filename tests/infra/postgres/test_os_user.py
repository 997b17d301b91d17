import os
from pathlib import Path

import pytest

from infra.postgres import os_user
from infra.postgres.os_user import OsUser

US = OsUser(os.geteuid(), os.getegid())
OTHER = OsUser(uid=os.geteuid() + 1, gid=os.getegid() + 1)
OF_OUR_GROUP = OsUser(uid=os.geteuid() + 1, gid=os.getegid())


def test_root_never_runs_the_server_itself() -> None:
    user = os_user.for_new_data()

    assert user.uid != 0
    assert user.is_us == (os.geteuid() != 0)
    assert set(user.spawn_as) == (set() if user.is_us else {"user", "group", "extra_groups"})


def test_data_is_served_by_its_owner(place: Path) -> None:
    owner = os_user.for_new_data()
    (place / "data").mkdir()
    os.chown(place / "data", owner.uid, owner.gid)

    assert os_user.for_data(place / "data") == owner
    assert os_user.for_data(place / "not made yet") == owner


@pytest.mark.parametrize(
    ("user", "mode", "enters"),
    [
        (OTHER, 0o701, True),
        (OTHER, 0o710, False),
        (OTHER, 0o700, False),
        (OF_OUR_GROUP, 0o710, True),
        (OF_OUR_GROUP, 0o701, False),
        (US, 0o700, True),
    ],
)
def test_who_enters_a_folder_is_decided_by_its_mode(place: Path, user: OsUser, mode: int, enters: bool) -> None:
    (place / "a").mkdir()
    (place / "a").chmod(mode)

    assert user.can_enter(place / "a") is enters
    assert user.can_enter(place / "a" / "not made yet" / "nor this") is enters


def test_one_closed_folder_on_the_way_is_enough(place: Path) -> None:
    (place / "closed" / "open").mkdir(parents=True)
    (place / "closed").chmod(0o700)

    assert OTHER.can_enter(place)
    assert not OTHER.can_enter(place / "closed" / "open")
