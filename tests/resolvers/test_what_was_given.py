"""What an app needs to know of what somebody was given: by whom, where it is, and what comes back of it unused."""

from uuid import uuid4

from schema.ids import GiftCardKey, GiftKey, RewardKey, decode, encode
from tests.factories import Shop, make_reward
from tests.resolvers.api import Api
from tests.resolvers.documents import CLAIM_GIFT, SEND_GIFT
from tests.resolvers.mailing import mailed_link, sent_gift
from tests.resolvers.rewarding import claimed
from tests.resolvers.world import Person
from tests.wallet.ledger.value.scenes import make_gift_card
from wallet.database import Conn
from wallet.rewards import Reward

GIVEN = """
    {
        viewer {
            sentGifts { edges { node { id senderName giftCardId } } }
            receivedGifts { edges { node { id senderName giftCardId } } }
        }
    }
"""
GIFT_CARDS = "{ viewer { giftCards { id program { id slug } } } }"
VOUCHERS = """
    query ($id: ID!) {
        node(id: $id) { ... on Card { program { id } vouchers(states: null) { state pointsBack stampsBack } } }
    }
"""
CANCEL = "mutation ($input: CancelVoucherInput!) { cancelVoucher(input: $input) { __typename } }"
SENDING = {"recipientName": "Ben", "recipientEmail": "ben@example.com"}


async def test_whoever_claimed_a_gift_is_told_by_whom_and_its_sender_is_not(
    phone: Api, other_phone: Api, asha: Person, ben: Person, conn: Conn
) -> None:
    # given
    gift = await sent_gift(phone, asha)
    token = await mailed_link(conn, gift, now=phone.now)
    await other_phone.do(CLAIM_GIFT, token=token, idempotencyKey=str(uuid4()))
    # when
    mine, theirs = (await phone(GIVEN))["viewer"], (await other_phone(GIVEN))["viewer"]
    # then
    assert [edge["node"] for edge in mine["sentGifts"]["edges"]] == [
        {"id": gift, "senderName": None, "giftCardId": None}
    ]
    assert [edge["node"] for edge in theirs["receivedGifts"]["edges"]] == [
        {"id": gift, "senderName": "Asha", "giftCardId": None}
    ]
    assert (mine["receivedGifts"]["edges"], theirs["sentGifts"]["edges"]) == ([], [])


async def test_claimed_money_leads_to_its_gift_card_and_that_to_its_program(
    phone: Api, other_phone: Api, shop: Shop, asha: Person, ben: Person, conn: Conn
) -> None:
    # given a gift out of a gift card of the sender's
    async with conn.transaction():
        own = await make_gift_card(conn, shop, 50_000, owner=asha.customer_id, now=phone.now)
    answer = await phone.do(
        SEND_GIFT,
        cardId=asha.card,
        valueMinor=20_000,
        giftCardId=encode(GiftCardKey(shop.merchant_id, own)),
        idempotencyKey=str(uuid4()),
        **SENDING,
    )
    token = await mailed_link(conn, answer["gift"]["id"], now=phone.now)
    await other_phone.do(CLAIM_GIFT, token=token, idempotencyKey=str(uuid4()))
    # when
    [card] = (await other_phone(GIFT_CARDS))["viewer"]["giftCards"]
    [edge] = (await other_phone(GIVEN))["viewer"]["receivedGifts"]["edges"]
    [sent] = (await phone(GIVEN))["viewer"]["sentGifts"]["edges"]
    # then
    assert edge["node"]["giftCardId"] == card["id"]
    assert sent["node"]["giftCardId"] is None
    assert card["program"] == {"id": (await phone(VOUCHERS, id=asha.card))["node"]["program"]["id"], "slug": shop.slug}


async def test_voucher_says_what_cancelling_it_brings_back(phone: Api, asha: Person, coffee: Reward) -> None:
    voucher = await claimed(phone, asha, coffee)

    [before] = (await phone(VOUCHERS, id=asha.card))["node"]["vouchers"]
    await phone.do(CANCEL, voucherId=voucher["id"], idempotencyKey=str(uuid4()))
    [after] = (await phone(VOUCHERS, id=asha.card))["node"]["vouchers"]

    assert before == {"state": "USABLE", "pointsBack": coffee.cost_points, "stampsBack": 0}
    assert after == {"state": "CANCELLED", "pointsBack": 0, "stampsBack": 0}


async def test_voucher_that_was_a_gift_brings_nothing_back(
    phone: Api, other_phone: Api, shop: Shop, asha: Person, ben: Person, conn: Conn
) -> None:
    # given
    reward = await make_reward(conn, shop, cost_points=40, now=phone.now)
    answer = await phone.do(
        SEND_GIFT,
        cardId=asha.card,
        rewardId=encode(RewardKey(reward.merchant_id, reward.reward_id)),
        idempotencyKey=str(uuid4()),
        **SENDING,
    )
    assert isinstance(decode(answer["gift"]["id"]), GiftKey)
    token = await mailed_link(conn, answer["gift"]["id"], now=phone.now)
    await other_phone.do(CLAIM_GIFT, token=token, idempotencyKey=str(uuid4()))
    # when
    [voucher] = (await other_phone(VOUCHERS, id=ben.card))["node"]["vouchers"]
    # then
    assert voucher == {"state": "USABLE", "pointsBack": 0, "stampsBack": 0}
