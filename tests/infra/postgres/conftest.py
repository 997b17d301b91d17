"""Folders in which a server can be started, whoever runs the suite: root's server runs as `nobody`."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.postgres import binaries, cluster, os_user
from infra.postgres.cluster import Layout


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder that everybody can enter, as pytest's own are not."""
    yield from _place()


@pytest.fixture(scope="session")
def made_once() -> Iterator[Path]:
    """A data folder with a cluster in it that has never run."""
    for folder in _place():
        user = os_user.for_new_data()
        layout = Layout.of(folder / "data")
        cluster.prepare_folders(layout, user)
        cluster.create(layout, binaries.find(user), user, durable=False)
        yield folder / "data"


@pytest.fixture
def data_dir(place: Path, made_once: Path) -> Path:
    """A data folder with a cluster in it, for this test alone."""
    subprocess.run(["cp", "--archive", made_once, place / "data"], check=True)
    return place / "data"


def _place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="regulars-place-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
