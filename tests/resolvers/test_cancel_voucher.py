from datetime import timedelta
from uuid import uuid4

from tests.resolvers.api import Api
from tests.resolvers.documents import CANCEL_VOUCHER
from tests.resolvers.rewarding import claimed
from tests.resolvers.world import Person, everything
from wallet.database import Conn
from wallet.rewards import Reward


async def test_a_cancelled_vouchers_beans_are_back(phone: Api, asha: Person, coffee: Reward) -> None:
    # given
    voucher = await claimed(phone, asha, coffee)
    phone.published.clear()
    # when
    answer = await phone.do(CANCEL_VOUCHER, voucherId=voucher["id"], idempotencyKey=str(uuid4()))
    # then
    assert answer["voucher"] == {**voucher, "state": "CANCELLED"}
    assert answer["card"]["balance"] == {"active": 100, "pending": 0, "reserved": 0, "lifetimeEarned": 100}
    assert phone.published == [(asha.merchant_id, asha.card_id)]


async def test_the_same_key_gives_the_same_answer(phone: Api, asha: Person, coffee: Reward, conn: Conn) -> None:
    said = {"voucherId": (await claimed(phone, asha, coffee))["id"], "idempotencyKey": str(uuid4())}
    first = await phone.do(CANCEL_VOUCHER, **said)
    before = await everything(conn)
    phone.published.clear()
    assert await phone.do(CANCEL_VOUCHER, **said) == first
    assert (await everything(conn), phone.published) == (before, [])


async def test_a_key_that_came_with_another_voucher_is_refused(
    phone: Api, asha: Person, coffee: Reward, conn: Conn
) -> None:
    first, other = [await claimed(phone, asha, coffee) for _ in range(2)]
    key = str(uuid4())
    await phone.do(CANCEL_VOUCHER, voucherId=first["id"], idempotencyKey=key)
    before = await everything(conn)
    answer = await phone.do(CANCEL_VOUCHER, voucherId=other["id"], idempotencyKey=key)
    assert answer["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before


async def test_one_that_was_cancelled_or_has_lapsed_is_not_usable(
    phone: Api, asha: Person, coffee: Reward, conn: Conn
) -> None:
    # given one that is cancelled, and one whose time will be over
    cancelled, lapsing = [await claimed(phone, asha, coffee) for _ in range(2)]
    await phone.do(CANCEL_VOUCHER, voucherId=cancelled["id"], idempotencyKey=str(uuid4()))
    before = await everything(conn)
    # when
    again = await phone.do(CANCEL_VOUCHER, voucherId=cancelled["id"], idempotencyKey=str(uuid4()))
    late = phone.at(phone.now + timedelta(days=31))
    too_late = await late.do(CANCEL_VOUCHER, voucherId=lapsing["id"], idempotencyKey=str(uuid4()))
    # then
    message = "This voucher was used or cancelled already, or its time is over."
    for answer, voucher, state in ((again, cancelled, "CANCELLED"), (too_late, lapsing, "LAPSED")):
        assert answer == {
            "__typename": "VoucherNotUsable",
            "message": message,
            "voucher": {"id": voucher["id"], "state": state},
        }
    assert await everything(conn) == before


async def test_nobody_elses_voucher_is_found(
    phone: Api, other_phone: Api, asha: Person, coffee: Reward, conn: Conn
) -> None:
    voucher = await claimed(phone, asha, coffee)
    before = await everything(conn)
    for node_id in (voucher["id"], asha.card, "garbage"):
        answer = await other_phone.do(CANCEL_VOUCHER, voucherId=node_id, idempotencyKey=str(uuid4()))
        assert answer == {"__typename": "NotFound", "message": "This voucher was not found among yours."}
    assert await everything(conn) == before


async def test_nobody_must_sign_in_first(anybody: Api, phone: Api, asha: Person, coffee: Reward) -> None:
    said = {"voucherId": (await claimed(phone, asha, coffee))["id"], "idempotencyKey": str(uuid4())}
    assert await anybody.failure(CANCEL_VOUCHER, input=said) == "UNAUTHENTICATED"
