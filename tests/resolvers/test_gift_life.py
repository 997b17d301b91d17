"""What is new in the life of a gift, as apps and pages see it: kinds, answers of the recipient, pictures, limits."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from schema.ids import GiftDesignKey, GiftKey, RewardKey, encode
from tests.factories import Shop, make_reward, make_shop
from tests.resolvers.api import Api
from tests.resolvers.documents import CLAIM_GIFT, SEND_GIFT
from tests.resolvers.mailing import mailed_link, sent_gift
from tests.resolvers.world import Person, everything
from tests.wallet.test_pictures import png, svg
from wallet import gifts
from wallet.database import Conn
from wallet.gifts import Design, designs
from wallet.values import DesignId, GiftId, RewardId

VIEWED = """
    mutation ($token: String!) {
        markGiftViewed(token: $token) {
            __typename
            ... on GiftViewed { preview { kind points value { amountMinor } reward { name } design { altText } } }
            ... on UserError { message }
        }
    }
"""
THANK = """
    mutation ($input: ThankForGiftInput!) {
        thankForGift(input: $input) {
            __typename
            ... on GiftThanked { gift { id thanks recipientEmail card { id } events { status } payment { paid } } }
            ... on InvalidInput { problems { field } }
            ... on UserError { message }
        }
    }
"""
RESCHEDULE = """
    mutation ($input: RescheduleGiftInput!) {
        rescheduleGift(input: $input) {
            __typename
            ... on GiftRescheduled { gift { deliverAt status } }
            ... on InvalidInput { problems { field } }
            ... on UserError { message }
        }
    }
"""
DECLINE = "mutation ($input: DeclineGiftInput!) { declineGift(input: $input) { __typename } }"
RECEIVED = "{ viewer { receivedGifts { edges { cursor node { id status card { id } points } } } } }"
NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
PROGRAM = """
    query ($slug: String!) {
        program(slug: $slug) {
            giftDesigns { id imageUrl altText }
            giftLimits { minPoints maxPoints min { amountMinor } max { amountMinor currency } perDay }
        }
    }
"""
SENDING = {"recipientName": "Ben", "recipientEmail": "ben@example.com"}


def key() -> str:
    return str(uuid4())


async def page(api: Api, path: str, *, method: str = "GET", **headers: str) -> httpx.Response:
    api.house.clock.now = api.now
    transport = httpx.ASGITransport(app=api.house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://regulars.test") as http:
        return await http.request(method, path, headers=headers)


async def make_design(conn: Conn, shop: Shop, content: bytes, *, now: datetime) -> Design:
    return await designs.add(
        conn,
        merchant_id=shop.merchant_id,
        program_id=shop.program_id,
        name="Lights",
        alt_text="Lanterns over a river",
        content=content,
        now=now,
    )


def node_of(design: Design) -> str:
    return encode(GiftDesignKey(design.key.merchant_id, design.key.design_id))


async def test_only_a_person_makes_it_viewed_and_looking_changes_nothing(
    phone: Api, anybody: Api, asha: Person, ben: Person, conn: Conn, now: datetime
) -> None:
    gift = await sent_gift(phone, asha)
    token = await mailed_link(conn, gift, now=now)
    before = await everything(conn)
    for method in ("GET", "HEAD") * 20:
        assert (await page(anybody, f"/g/{token}", method=method)).status_code == 200
    await anybody("query ($t: String!) { gift(token: $t) { senderName } }", t=token)
    assert await everything(conn) == before
    phone.published.clear()

    for _ in range(2):
        said = (await anybody(VIEWED, token=token))["markGiftViewed"]
        assert (said["__typename"], said["preview"]["kind"], said["preview"]["points"]) == ("GiftViewed", "POINTS", 40)

    assert await conn.fetchval("SELECT status FROM gifts") == "VIEWED"
    assert phone.published == [(asha.merchant_id, asha.card_id)]
    unknown = [(await anybody(VIEWED, token=text))["markGiftViewed"] for text in ("nothing", "A" * 43)]
    assert {each["__typename"] for each in unknown} == {"GiftNotClaimable"}


async def test_thanks_are_the_claimants_who_sees_nothing_of_the_senders(
    phone: Api, other_phone: Api, asha: Person, ben: Person, conn: Conn, now: datetime
) -> None:
    gift = await sent_gift(phone, asha)
    token = await mailed_link(conn, gift, now=now)
    assert (await other_phone.do(THANK, giftId=gift, message="Hi", idempotencyKey=key()))["__typename"] == "NotFound"
    await other_phone.do(CLAIM_GIFT, token=token, idempotencyKey=key())
    said = {"giftId": gift, "message": "Thank you!", "idempotencyKey": key()}

    done = await other_phone.do(THANK, **said)

    assert done["gift"] == {
        "id": gift,
        "thanks": "Thank you!",
        "recipientEmail": "ben@example.com",
        "card": {"id": ben.card},
        "events": [{"status": "CLAIMED"}],
        "payment": None,
    }
    before = await everything(conn)
    assert await other_phone.do(THANK, **said) == done
    assert (await phone.do(THANK, **{**said, "idempotencyKey": key()}))["__typename"] == "NotFound"
    assert (await other_phone.do(THANK, **{**said, "message": "Bye"}))["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before
    [edge] = (await other_phone(RECEIVED))["viewer"]["receivedGifts"]["edges"]
    assert edge["node"] == {"id": gift, "status": "CLAIMED", "card": {"id": ben.card}, "points": 40}
    assert (await phone(RECEIVED))["viewer"]["receivedGifts"]["edges"] == []
    assert (await other_phone(NODE, id=gift))["node"] == {"__typename": "Gift", "id": gift}


async def test_what_is_not_ones_own_is_not_found(
    phone: Api, other_phone: Api, asha: Person, ben: Person, conn: Conn, now: datetime
) -> None:
    gift = await sent_gift(phone, asha)
    elsewhere = await make_shop(conn, now=now)
    nobodys = encode(GiftKey(elsewhere.merchant_id, GiftId(uuid4())))
    before = await everything(conn)
    moment = (now + timedelta(days=1)).isoformat()
    for wrong in (nobodys, "garbage", asha.card, gift):
        moved = await other_phone.do(RESCHEDULE, giftId=wrong, deliverAt=moment, idempotencyKey=key())
        thanked = await other_phone.do(THANK, giftId=wrong, message="Hi", idempotencyKey=key())
        assert (moved["__typename"], thanked["__typename"]) == ("NotFound", "NotFound")
    assert (await other_phone(NODE, id=gift))["node"] is None
    # and a reward or a picture of another shop is as if it did not exist
    reward = await make_reward(conn, elsewhere, now=now)
    design = await make_design(conn, elsewhere, png(), now=now)
    foreign = encode(RewardKey(reward.merchant_id, reward.reward_id))
    unknown = encode(RewardKey(asha.merchant_id, RewardId(uuid4())))
    before = await everything(conn)
    for wrong in (foreign, unknown, "garbage"):
        answer = await phone.do(SEND_GIFT, cardId=asha.card, rewardId=wrong, **SENDING, idempotencyKey=key())
        assert answer["__typename"] == "NotFound"
    ours = encode(GiftDesignKey(asha.merchant_id, DesignId(uuid4())))
    for wrong in (node_of(design), ours, "garbage"):
        answer = await phone.do(SEND_GIFT, cardId=asha.card, points=1, designId=wrong, **SENDING, idempotencyKey=key())
        assert [problem["field"] for problem in answer["problems"]] == ["designId"]
    assert await everything(conn) == before


async def test_another_moment_is_said_with_refusals(phone: Api, asha: Person, conn: Conn, now: datetime) -> None:
    gift = await sent_gift(phone, asha)
    past = await phone.do(
        RESCHEDULE, giftId=gift, deliverAt=(now - timedelta(days=1)).isoformat(), idempotencyKey=key()
    )
    moved = await phone.do(RESCHEDULE, giftId=gift, deliverAt="2026-12-01T09:00:00Z", idempotencyKey=key())
    assert (past["__typename"], past["problems"]) == ("InvalidInput", [{"field": "deliverAt"}])
    assert moved["gift"] == {"deliverAt": "2026-12-01T09:00:00Z", "status": "SCHEDULED"}
    await mailed_link(conn, gift, delivery=2, now=datetime.fromisoformat(moved["gift"]["deliverAt"]))
    left = await phone.do(RESCHEDULE, giftId=gift, deliverAt="2026-12-02T09:00:00Z", idempotencyKey=key())
    assert left == {
        "__typename": "GiftNotOpen",
        "message": "The mail of this gift has left already, or the gift is over.",
    }


async def test_nothing_can_be_declined_by_a_link_that_is_none(anybody: Api, conn: Conn) -> None:
    before = await everything(conn)
    for token in ("nothing", "A" * 43, ""):
        assert (await anybody.do(DECLINE, token=token, idempotencyKey=key()))["__typename"] == "GiftNotClaimable"
    assert await everything(conn) == before


async def test_program_tells_its_limits_and_pictures(
    anybody: Api, asha: Person, shop: Shop, conn: Conn, now: datetime
) -> None:
    design = await make_design(conn, shop, png(), now=now)
    gone = await make_design(conn, shop, png(), now=now)
    await designs.retire(conn, merchant_id=shop.merchant_id, design_id=gone.key.design_id, now=now)

    program = (await anybody(PROGRAM, slug=shop.slug))["program"]

    assert program["giftLimits"] == {
        "minPoints": 1,
        "maxPoints": 10_000,
        "min": {"amountMinor": 100},
        "max": {"amountMinor": 1_000_000, "currency": "INR"},
        "perDay": 10,
    }
    [shown] = program["giftDesigns"]
    assert (shown["id"], shown["altText"]) == (node_of(design), "Lanterns over a river")
    assert shown["imageUrl"].endswith(f"/gift-designs/{shown['id']}")
    assert (await anybody(NODE, id=shown["id"]))["node"]["__typename"] == "GiftDesign"


@pytest.mark.parametrize(("content", "media_type"), [(png(), "image/png"), (svg("<rect/>"), "image/svg+xml")])
async def test_picture_is_served_so_that_it_can_do_nothing(
    anybody: Api, shop: Shop, conn: Conn, now: datetime, content: bytes, media_type: str
) -> None:
    design = await make_design(conn, shop, content, now=now)

    answer = await page(anybody, f"/gift-designs/{node_of(design)}")

    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"].startswith(media_type)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "sandbox" in answer.headers["content-security-policy"]
    for nothing in ("garbage", encode(GiftDesignKey(shop.merchant_id, DesignId(uuid4())))):
        assert (await page(anybody, f"/gift-designs/{nothing}")).status_code == 404


@pytest.mark.parametrize("language", ["en", "hi", "bn", "te", "ml", "th"])
async def test_page_of_a_reward_says_what_it_is_without_scripts(
    phone: Api, anybody: Api, asha: Person, shop: Shop, conn: Conn, now: datetime, language: str
) -> None:
    reward = await make_reward(conn, shop, now=now)
    design = await make_design(conn, shop, png(), now=now)
    said: dict[str, Any] = {
        "cardId": asha.card,
        "rewardId": encode(RewardKey(reward.merchant_id, reward.reward_id)),
        "designId": node_of(design),
        **SENDING,
        "idempotencyKey": key(),
    }
    answer = await phone.do(SEND_GIFT, **said)
    assert (answer["__typename"], answer["gift"]["points"]) == ("GiftSent", 50)
    token = await mailed_link(conn, answer["gift"]["id"], now=now)

    shown = await page(anybody, f"/g/{token}", **{"Accept-Language": language})

    assert shown.status_code == 200
    assert f'<html lang="{language}' in shown.text
    assert "Free coffee" in shown.text
    assert "50 beans" not in shown.text
    assert f'src="/gift-designs/{node_of(design)}" alt="Lanterns over a river"' in shown.text
    assert ("sent you a gift from" in shown.text) == (language == "en")


REMINDED = "{ viewer { sentGifts { edges { node { remindedAt events { status } } } } } }"


async def test_sender_sees_when_both_were_reminded_and_the_life_of_the_gift_stays_as_it_was(
    phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    gift = await sent_gift(phone, asha)
    await mailed_link(conn, gift, now=now)
    [before] = (await phone(REMINDED))["viewer"]["sentGifts"]["edges"]

    async with conn.transaction():
        assert len(await gifts.remind_due(conn, limit=9, now=now + timedelta(days=24))) == 1

    [after] = (await phone(REMINDED))["viewer"]["sentGifts"]["edges"]
    assert before["node"]["remindedAt"] is None
    assert datetime.fromisoformat(after["node"]["remindedAt"]) == now + timedelta(days=24)
    assert after["node"]["events"] == before["node"]["events"]
