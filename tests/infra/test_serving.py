"""What a process does to itself before it serves."""

import gc
from collections.abc import Iterator

import pytest

from infra.serving import OBJECTS_BETWEEN_LOOKS, spare_the_collector


@pytest.fixture(autouse=True)
def collector_as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_the_collector_leaves_what_is_there_alone_and_looks_seldom() -> None:
    spare_the_collector()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == OBJECTS_BETWEEN_LOOKS
    assert gc.isenabled()


def test_garbage_in_cycles_goes_all_the_same() -> None:
    # given
    spare_the_collector()
    looks_before = gc.get_stats()[0]["collections"]
    # when: more than so many objects that only hold themselves
    for _ in range(OBJECTS_BETWEEN_LOOKS + 1):
        itself: list[object] = []
        itself.append(itself)
    # then
    assert gc.get_stats()[0]["collections"] > looks_before
