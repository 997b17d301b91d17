"""The libraries of others that browsers load from us: which, and that they are as their authors published them."""

import hashlib
import json
import re
from importlib.resources import files
from importlib.resources.abc import Traversable

import pytest

VENDOR = files("web.static") / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
LISTED = {file["path"]: file for package in MANIFEST["packages"] for file in package["files"]}


def found_below(folder: Traversable, path: str = "") -> set[str]:
    """The paths of all files below the folder."""
    found: set[str] = set()
    for file in folder.iterdir():
        found |= found_below(file, f"{path}{file.name}/") if file.is_dir() else {path + file.name}
    return found


def test_every_vendored_file_is_listed_and_nothing_else_is() -> None:
    assert found_below(VENDOR) - {"manifest.json"} == set(LISTED)


@pytest.mark.parametrize("path", LISTED)
def test_vendored_file_is_the_published_one(path: str) -> None:
    content = VENDOR.joinpath(*path.split("/")).read_bytes()

    assert hashlib.sha256(content).hexdigest() == LISTED[path]["sha256"]


@pytest.mark.parametrize("package", MANIFEST["packages"], ids=lambda package: package["name"])
def test_vendored_library_says_its_version_and_its_licence(package: dict[str, object]) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", str(package["version"]))
    assert package["licence"] in {"MIT", "Apache-2.0"}
    assert f"{package['name']}/LICENSE" in LISTED
