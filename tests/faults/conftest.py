"""A place for a PostgreSQL that a test may kill."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder that everybody can enter, as pytest's own are not: root's server runs as `nobody`."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-faults-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
