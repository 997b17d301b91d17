"""node(id) of both APIs: every kind of thing × whoever may see it, and everybody else."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

import pytest

from schema.ids import (
    AttemptKey,
    CardKey,
    CustomerKey,
    EntryKey,
    MemberCardKey,
    NodeKey,
    ProgramKey,
    SessionKey,
    TerminalKey,
    encode,
)
from tests.factories import Shop, make_shop
from tests.resolvers.api import Api, as_terminal
from tests.resolvers.counter import recorded, scanned
from tests.resolvers.documents import CLAIM_GIFT
from tests.resolvers.mailing import mailed_link, sent_gift
from tests.resolvers.rewarding import claimed, reward_id
from tests.resolvers.world import Person
from wallet.database import Conn
from wallet.rewards import Reward
from wallet.values import CardId, CustomerId, MerchantId

BOUGHT = ("Reward", "Voucher")

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"


async def kind(api: Api, node_id: str) -> str | None:
    """The type of what the caller sees there; None if nothing."""
    node = (await api(NODE, id=node_id))["node"]
    assert node is None or node["id"] == node_id
    return str(node["__typename"]) if node else None


@pytest.fixture
async def things(till: Api, phone: Api, asha: Person, shop: Shop, coffee: Reward) -> Mapping[str, str]:
    """The id of one thing of each kind: Asha's, or of the shop."""
    visit, sale = await scanned(till, phone, asha), (await recorded(till, phone, asha))["sale"]["id"]
    return {
        "Customer": encode(CustomerKey(asha.customer_id)),
        "Session": encode(SessionKey(asha.session_id)),
        "Card": asha.card,
        "PointsEntry": encode(EntryKey(asha.merchant_id, asha.card_id, 1)),
        "Gift": await sent_gift(phone, asha),
        "Program": encode(ProgramKey(shop.merchant_id, shop.program_id)),
        "Terminal": encode(TerminalKey(shop.merchant_id, shop.terminal_id)),
        "Visit": visit,
        "MemberCard": encode(MemberCardKey(asha.merchant_id, asha.card_id)),
        "Sale": sale,
        "Reward": reward_id(coffee),
        "Voucher": (await claimed(phone, asha, coffee))["id"],
    }


async def seen(api: Api, things: Mapping[str, str]) -> set[str]:
    answers = {name: await kind(api, node_id) for name, node_id in things.items()}
    found = {name for name, answer in answers.items() if answer is not None}
    assert {name: name for name in found}.items() <= answers.items()
    return found


async def test_a_customer_sees_their_own_and_the_program(phone: Api, things: Mapping[str, str]) -> None:
    assert await seen(phone, things) == {"Customer", "Session", "Card", "PointsEntry", "Gift", "Program", *BOUGHT}


async def test_another_member_sees_the_program_and_its_rewards_alone(
    other_phone: Api, things: Mapping[str, str]
) -> None:
    assert await seen(other_phone, things) == {"Program", "Reward"}


async def test_nobody_sees_the_program_and_must_sign_in_for_the_rest(anybody: Api, things: Mapping[str, str]) -> None:
    for name, node_id in things.items():
        if name == "Program":
            assert await kind(anybody, node_id) == "Program"
        else:
            assert await anybody.failure(NODE, id=node_id) == "UNAUTHENTICATED"


async def test_a_till_sees_itself_and_what_its_store_serves(till: Api, things: Mapping[str, str]) -> None:
    assert await seen(till, things) == {"Terminal", "Visit", "MemberCard", "Sale", *BOUGHT}


async def test_a_till_sees_a_member_only_while_a_visit_is_open(till: Api, things: Mapping[str, str]) -> None:
    later = till.at(till.now + timedelta(minutes=15))
    assert await seen(later, things) == {"Terminal", "Sale", "Reward"}


async def test_another_merchants_till_sees_nothing(new_till: Api, things: Mapping[str, str], conn: Conn) -> None:
    stranger = as_terminal(new_till, await make_shop(conn, now=new_till.now))
    assert await seen(stranger, things) == set()


async def test_a_device_that_is_no_till_sees_nothing(new_till: Api, things: Mapping[str, str]) -> None:
    for node_id in things.values():
        assert await new_till.failure(NODE, id=node_id) == "UNAUTHENTICATED"


async def test_what_never_was_is_null(phone: Api, till: Api, asha: Person, shop: Shop) -> None:
    """Ids with the caller's own merchant and program, too, and with another merchant before a thing that exists."""
    merchant, nothing = MerchantId(uuid4()), uuid4()
    keys: list[NodeKey] = [
        CustomerKey(CustomerId(nothing)),
        SessionKey(nothing),
        CardKey(merchant, asha.card_id),
        CardKey(shop.merchant_id, CardId(nothing)),
        EntryKey(shop.merchant_id, asha.card_id, 2),
        EntryKey(merchant, asha.card_id, 1),
        ProgramKey(merchant, shop.program_id),
        MemberCardKey(merchant, asha.card_id),
        TerminalKey(merchant, shop.terminal_id),
        AttemptKey(nothing),
    ]
    for api in (phone, till):
        for key in keys:
            assert await kind(api, encode(key)) is None
        for garbage in ("", "garbage", "😀", "A" * 10_000):
            assert await kind(api, garbage) is None


async def test_a_line_that_the_history_does_not_show_is_null(
    phone: Api, other_phone: Api, asha: Person, conn: Conn
) -> None:
    # given a gift that was claimed, which makes a line of its own on the sender's card
    token = await mailed_link(conn, await sent_gift(phone, asha), now=phone.now)
    await other_phone.do(CLAIM_GIFT, token=token, idempotencyKey=str(uuid4()))
    # when that line, the third, is asked for, then there is nothing to see
    assert await kind(phone, encode(EntryKey(asha.merchant_id, asha.card_id, 2))) == "PointsEntry"
    assert await kind(phone, encode(EntryKey(asha.merchant_id, asha.card_id, 3))) is None


async def test_a_gift_is_its_senders_and_whose_it_became(
    phone: Api, other_phone: Api, asha: Person, conn: Conn
) -> None:
    # given a gift that is mailed to Ben
    gift_id = await sent_gift(phone, asha)
    token = await mailed_link(conn, gift_id, now=phone.now)
    # then it is Asha's alone to see
    assert await kind(phone, gift_id) == "Gift"
    assert await kind(other_phone, gift_id) is None
    # until he has claimed it
    await other_phone.do(CLAIM_GIFT, token=token, idempotencyKey=str(uuid4()))
    assert await kind(phone, gift_id) == "Gift"
    assert await kind(other_phone, gift_id) == "Gift"
