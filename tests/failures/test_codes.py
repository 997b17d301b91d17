"""Codes that are shown: good for seconds, good once, and silent about whom they belong to."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.database import Database
from tests.factories import Shop
from tests.failures import documents as say
from tests.journeys import Scene, Till, member, mint, open_shop, opened, till
from tests.proofs import documents as proofs
from wallet.values import CheckInPurpose

SOON = timedelta(seconds=5)
"""What the machine may take between two looks at the clock."""


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    """The application under the real clock: seconds that were taken for milliseconds would show."""
    async with opened(database, pool_min=4) as found:
        yield found


@pytest.mark.parametrize(("purpose", "seconds"), [("EARN", 90), ("REDEEM", 45)])
async def test_a_shown_code_is_over_in_seconds_by_the_clock_on_the_wall(
    scene: Scene, shop: Shop, at: Till, purpose: str, seconds: int
) -> None:
    # given a code, shown now
    owner = await member(scene, shop)
    began = datetime.now(UTC)
    shown = await owner.app.do(proofs.CHECK_IN, {"cardId": owner.card, "purpose": purpose})
    assert shown["__typename"] == "CheckInCode", shown
    expires_at = datetime.fromisoformat(shown["expiresAt"])
    # then it says an end that is that many real seconds away, rounded down to a whole one
    assert timedelta(seconds=seconds - 1) <= expires_at - began <= timedelta(seconds=seconds) + SOON
    # when that time is over, its picture and its digits are over, at every till
    scene.live.clock.advance(timedelta(seconds=seconds) + SOON)
    for digits in (shown["token"], shown["shortCode"]):
        assert (await at.pos.do(say.SCAN, {"code": digits}))["__typename"] == "CodeExpired"


async def test_a_photographed_code_is_nothing_once_its_owner_has_been_served(
    scene: Scene, shop: Shop, at: Till
) -> None:
    # given two people with the same picture at two tills, both in time
    owner, other = await member(scene, shop), await till(scene, shop)
    token, _ = await mint(scene, owner, CheckInPurpose.REDEEM)
    # when both are scanned at once
    answers = await asyncio.gather(*(each.pos.do(say.SCAN, {"code": token}) for each in (at, other)))
    # then one is served, whoever it is, and the other one is told
    assert sorted(answer["__typename"] for answer in answers) == ["CodeAlreadyUsed", "Visit"]


async def test_digits_of_another_shop_say_no_more_than_digits_of_nobody(scene: Scene, shop: Shop, at: Till) -> None:
    # given a code that is somebody's, elsewhere
    elsewhere = await member(scene, await open_shop(scene))
    token, minted = await mint(scene, elsewhere)
    # when a till types it, reads it, and tries one that nobody has
    answers = [
        await at.pos.do(say.SCAN, {"code": code})
        for code in (minted.short_code, token, "0000000000", "1" * 218, "anything")
    ]
    # then all answers are one
    assert [answer for answer in answers if answer != answers[0]] == []
    assert answers[0]["__typename"] == "CodeInvalid"
