"""A gift before it is sent: the app gets links to its page and its mail, and nothing is written."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from schema.ids import RewardKey, encode
from tests.factories import Shop, make_reward, make_shop
from tests.resolvers.api import Api
from tests.resolvers.test_gift_life import make_design, node_of, page
from tests.resolvers.world import Person, everything
from tests.wallet.test_pictures import png
from wallet.database import Conn
from wallet.values import RewardId

DRAFT = """
    query ($input: GiftDraftInput!) {
        giftDraft(input: $input) {
            __typename
            ... on GiftDraft { mailUrl pageUrl expiresAt }
            ... on InvalidInput { problems { field message } }
            ... on UserError { message }
        }
    }
"""
WORDS = "😀" * 280


async def drafted(phone: Api, sender: Person, **what: Any) -> dict[str, Any]:
    said = {"cardId": sender.card, "recipientName": "Ben", **what}
    answer: dict[str, Any] = (await phone(DRAFT, input=said))["giftDraft"]
    return answer


def path_of(url: str) -> str:
    return "/g/" + url.partition("/g/")[2]


@pytest.mark.parametrize("kind", ["points", "value", "reward"])
async def test_page_and_mail_show_the_gift_and_nothing_is_written(
    phone: Api, anybody: Api, asha: Person, shop: Shop, conn: Conn, kind: str
) -> None:
    # given
    design = await make_design(conn, shop, png(), now=phone.now)
    reward = await make_reward(conn, shop, cost_points=20, now=phone.now)
    cases: dict[str, tuple[dict[str, Any], str]] = {
        "points": ({"points": 40}, "40"),
        "value": ({"valueMinor": 50_000}, "₹500"),
        "reward": ({"rewardId": encode(RewardKey(shop.merchant_id, reward.reward_id))}, reward.name),
    }
    what, shown = cases[kind]
    before = await everything(conn)
    # when
    draft = await drafted(phone, asha, **what, message="Enjoy!", designId=node_of(design))
    looks = [await page(anybody, path_of(draft[url])) for url in ("pageUrl", "mailUrl")]
    # then
    assert draft["__typename"] == "GiftDraft"
    assert [look.status_code for look in looks] == [200, 200]
    for look in looks:
        assert shown in look.text
        assert "Enjoy!" in look.text
        assert "Ben" in look.text
        assert f"/gift-designs/{node_of(design)}" in look.text
        assert "<script" not in look.text
    assert "It has not been sent." in looks[0].text
    assert await everything(conn) == before


async def test_a_draft_of_the_longest_words_fits_its_link_which_is_over_in_an_hour(
    phone: Api, anybody: Api, asha: Person
) -> None:
    draft = await drafted(phone, asha, points=40, recipientName="ന" * 80, message=WORDS)

    assert (await page(anybody, path_of(draft["pageUrl"]))).status_code == 200
    later = replace(anybody, now=phone.now + timedelta(hours=1))
    over = [await page(later, path_of(draft[url])) for url in ("pageUrl", "mailUrl")]
    assert [(look.status_code, "Nothing was sent." in look.text) for look in over] == [(404, True)] * 2
    spoilt = path_of(draft["pageUrl"])[:-1] + "!"
    assert (await page(anybody, spoilt)).status_code == 404


async def test_each_refusal_is_said(phone: Api, other_phone: Api, asha: Person, ben: Person, conn: Conn) -> None:
    elsewhere = await make_shop(conn, now=phone.now)
    reward = encode(RewardKey(elsewhere.merchant_id, RewardId(uuid4())))

    answers = [
        await drafted(phone, asha, points=40, valueMinor=100),
        await drafted(phone, asha, points=40, message="see https://example.com"),
        await drafted(phone, asha, points=40, designId="garbage"),
        await drafted(phone, asha, rewardId=reward),
        await drafted(other_phone, asha, points=40),
    ]

    assert [answer["__typename"] for answer in answers] == ["InvalidInput"] * 3 + ["NotFound"] * 2
    assert [answer["problems"][0]["field"] for answer in answers[:3]] == ["points", "message", "designId"]
