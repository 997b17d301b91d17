"""A gift on its way through the mail: past those who open every link, and to the right person after a wrong address."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.database import Database
from tests.factories import Shop
from tests.failures import documents as say
from tests.failures.visits import card_of
from tests.journeys import MAILED_LINK, Member, Scene, found, gift_of, member, new_key, opened, phone_of, signed_in
from tests.proofs import documents as proofs
from tests.proofs.conftest import StandingClock
from tests.proofs.racing import assert_lawful, everything

URL = re.compile(r"https?://[^\s<>\"]+")
SCANNERS = 8


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    """The application with its worker: mails leave, over real SMTP."""
    async with opened(database, clock=StandingClock(), with_worker=True, pool_min=4) as found:
        yield found


async def sent(owner: Member, points: int, *, to: str) -> str:
    answer = await owner.app.do(proofs.SEND_GIFT, gift_of(owner, points, to=to))
    assert answer["__typename"] == "GiftSent", answer
    gift: str = answer["gift"]["id"]
    return gift


async def sent_gifts(scene: Scene, owner: Member) -> list[dict[str, Any]]:
    """What the sender sees, the newest first."""
    person = await phone_of(scene, owner.person.customer_id, owner.person.email)
    edges = (await person.app.ask(say.GIFTS))["viewer"]["sentGifts"]["edges"]
    return [edge["node"] for edge in edges]


async def until_sent(scene: Scene, owner: Member) -> dict[str, Any]:
    """The sender's newest gift, as soon as its mail has left."""
    async with asyncio.timeout(20):
        while (await sent_gifts(scene, owner))[0]["status"] == "SCHEDULED":
            await asyncio.sleep(0.02)
    return (await sent_gifts(scene, owner))[0]


async def test_links_that_mail_scanners_open_are_still_good_for_the_person(scene: Scene, shop: Shop) -> None:
    # given the mail of a gift, with all the links that are in it
    owner, friend = await member(scene, shop, points=40), await signed_in(scene)
    await sent(owner, 40, to=friend.email)
    mail = await scene.live.mailbox.wait_for(friend.email)
    await until_sent(scene, owner)
    links = sorted({*URL.findall(mail.text), *URL.findall(str(mail.message["List-Unsubscribe"]))})
    paths = [urlsplit(link).path for link in links if link.startswith(scene.live.base_url)]
    assert [path.endswith("/stop") for path in paths].count(False) >= 1
    before = await everything(scene)
    # when filters, previews and prefetchers look at each of them, all at once and before anybody has read the mail
    async with httpx.AsyncClient(base_url=scene.live.base_url, trust_env=False) as scanner:
        looks = [scanner.request(method, path) for method in ("HEAD", "GET") for path in paths * SCANNERS]
        answers = await asyncio.gather(*looks)
    assert [answer.status_code for answer in answers] == [200] * 2 * SCANNERS * len(paths)
    # then nothing has happened, and the person has the gift
    assert await everything(scene) == before
    token = found(MAILED_LINK, mail.text)
    claimed = await friend.app.do(proofs.CLAIM, {"token": token, "idempotencyKey": new_key()})
    assert (claimed["__typename"], claimed["points"]) == ("GiftClaimed", 40)
    await assert_lawful(scene)


async def test_a_wrong_address_is_seen_corrected_and_the_gift_arrives(scene: Scene, shop: Shop) -> None:
    # given a gift to a mistyped address, which only that address was written to: not the sender, not the friend
    owner, friend = await member(scene, shop, points=40), await signed_in(scene)
    gift = await sent(owner, 40, to="freind@example.com")
    mistyped = await scene.live.mailbox.wait_for("freind@example.com")
    assert [mail.to for mail in scene.live.mailbox.messages] == ["freind@example.com"]
    status = await until_sent(scene, owner)
    assert (status["recipientEmail"], status["status"], status["claimedAt"]) == ("freind@example.com", "SENT", None)
    # when the sender sees it, and says the right one
    told = {"giftId": gift, "correctedEmail": friend.email, "idempotencyKey": new_key()}
    assert (await owner.app.do(proofs.RESEND_GIFT, told))["__typename"] == "GiftResent"
    mail = await scene.live.mailbox.wait_for(friend.email)
    # then the link that went astray is good for nothing, the new one is, and the sender sees that it arrived
    stray = {"token": found(MAILED_LINK, mistyped.text), "idempotencyKey": new_key()}
    assert (await friend.app.do(proofs.CLAIM, stray))["__typename"] == "GiftNotClaimable"
    good = {"token": found(MAILED_LINK, mail.text), "idempotencyKey": new_key()}
    assert (await friend.app.do(proofs.CLAIM, good))["__typename"] == "GiftClaimed"
    [status] = await sent_gifts(scene, owner)
    assert (status["recipientEmail"], status["status"]) == (friend.email, "CLAIMED")
    assert status["claimedAt"] is not None
    await assert_lawful(scene)


async def test_what_has_ended_is_still_shown_and_says_why(scene: Scene, shop: Shop) -> None:
    # given a gift that nobody claims
    owner = await member(scene, shop, points=40)
    await sent(owner, 15, to="nobody@example.com")
    open_until = (await until_sent(scene, owner))["claimableUntil"]
    # when its time is over
    scene.live.clock.advance(timedelta(days=400))

    async def card() -> dict[str, Any]:
        return await card_of(scene, owner)

    async with asyncio.timeout(20):
        while (await card())["balance"]["reserved"]:
            await asyncio.sleep(0.05)
    # then the sender finds it under what it has become, and the history says that the points came back, and why
    [ended] = await sent_gifts(scene, owner)
    assert (ended["status"], ended["points"], ended["claimableUntil"]) == ("RETURNED", 15, open_until)
    last = (await card())["history"]["edges"][0]["node"]
    assert (last["kind"], last["points"]) == ("GIFT_RETURNED", 15)
    assert last["reasons"] != []
