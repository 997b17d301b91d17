"""Every test that the page of failures names is there, and is one of those that run for every change."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "FAILURES.md"

ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def named() -> list[tuple[str, str]]:
    return sorted(set(NAMED.findall(PAGE.read_text())))


def test_every_failure_has_its_row_and_every_row_its_tests() -> None:
    text = PAGE.read_text()
    rows = [line for line in text.splitlines() if ROW.match(line)]
    assert [int(found) for found in ROW.findall(text)] == list(range(1, 16))
    assert [row[:40] for row in rows if not NAMED.search(row)] == []
    assert len(re.findall(r"`tests/[^`]*`", text)) == len(NAMED.findall(text)) + text.count("`tests/failures/`")


@pytest.mark.parametrize(("module", "name"), named())
def test_a_test_that_the_page_names_is_there(module: str, name: str) -> None:
    tree = ast.parse((ROOT / module).read_text())
    [found] = [
        node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    ]
    assert [each for each in found.decorator_list if ast.unparse(each) == "pytest.mark.soak"] == []


def test_every_story_told_here_is_on_the_page() -> None:
    told = set(named())
    for module in sorted(Path(__file__).parent.glob("test_*.py")):
        if module != Path(__file__):
            names = re.findall(r"^(?:async )?def (test_\w+)", module.read_text(), re.MULTILINE)
            assert [name for name in names if (f"tests/failures/{module.name}", name) not in told] == []
