from datetime import timedelta
from pathlib import Path

import pytest

from infra.clock import AHEAD_MAX, DemoClock, system_clock


async def test_a_clock_moved_forward_stays_so_after_a_restart(tmp_path: Path) -> None:
    # given
    clock = DemoClock(tmp_path / "ahead")
    # when
    await clock.advance(timedelta(days=30))
    shown = await clock.advance(timedelta(hours=1))
    # then
    again = DemoClock(tmp_path / "ahead")
    assert clock.ahead == again.ahead == timedelta(days=30, hours=1)
    assert timedelta(0) <= again() - shown < timedelta(minutes=1)
    assert shown - system_clock() <= timedelta(days=30, hours=1)


@pytest.mark.parametrize("step", [timedelta(seconds=-1), AHEAD_MAX + timedelta(seconds=1)])
async def test_a_clock_goes_neither_back_nor_past_ten_years(step: timedelta, tmp_path: Path) -> None:
    # given
    clock = DemoClock(tmp_path / "ahead")
    await clock.advance(timedelta(seconds=60))
    # when
    with pytest.raises(ValueError, match=r"clock"):
        await clock.advance(step)
    # then
    assert clock.ahead == DemoClock(tmp_path / "ahead").ahead == timedelta(seconds=60)


def test_a_spoiled_file_is_a_clock_that_shows_the_time(tmp_path: Path) -> None:
    (tmp_path / "ahead").write_text("soon")
    assert DemoClock(tmp_path / "ahead").ahead == timedelta(0)
