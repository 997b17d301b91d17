"""kill -9 of the API in the middle of its work."""

import random
from pathlib import Path

import pytest

from tests.database import Database
from tests.faults.history import History
from tests.faults.processes import Api, api, settings_of
from tests.faults.proof import Tally, application_is_over, prove
from tests.faults.shop import Crowd, crowd, faults_of_each_crowd, scene_of
from tests.journeys import Scene


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.soak)])
async def test_killed_api_has_lost_nothing_and_does_nothing_twice(
    database: Database, tmp_path: Path, kills: int, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(database)
    history = History()
    tally = Tally("kill -9 of the API")
    async with api(settings, tmp_path) as served, scene_of(database, served.base_url) as scene:
        for faults in faults_of_each_crowd(kills):
            everybody = await crowd(scene, history)
            for _ in range(faults):
                await kill_under_load(scene, served, everybody, tally)

        await prove(scene, history, settings)
    assert tally.faults == kills
    tally.print(capsys, history)


async def kill_under_load(scene: Scene, served: Api, everybody: Crowd, tally: Tally) -> None:
    # given clients in the middle of their work
    history = everybody.history
    everybody.begin()
    await history.reaches(history.acknowledged + random.randint(20, 120))

    # when the process is gone from one moment to the next
    served.running.kill()
    await everybody.all_stand_still()
    await application_is_over(scene)

    # then what was acknowledged is there once, what was not is there once or not at all, and after a retry once
    await tally.look(scene, history)
    await served.start()
    assert await history.ask_again() > 0
