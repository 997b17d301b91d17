from uuid import uuid4

from tests.factories import Shop, make_customer, make_shop
from tests.resolvers.api import Api, as_customer, sign_in
from tests.resolvers.documents import JOIN_PROGRAM
from tests.resolvers.world import Person, count, everything
from wallet.database import Conn


async def newcomer(anybody: Api, conn: Conn) -> Api:
    customer_id = await make_customer(conn, now=anybody.now)
    return as_customer(anybody, customer_id, await sign_in(conn, customer_id, now=anybody.now))


async def test_joining_gives_a_card(anybody: Api, shop: Shop, conn: Conn) -> None:
    phone = await newcomer(anybody, conn)
    # when somebody joins
    answer = await phone.do(JOIN_PROGRAM, programSlug=shop.slug, idempotencyKey=str(uuid4()))
    # then they have an empty card
    assert (answer["__typename"], answer["alreadyMember"]) == ("ProgramJoined", False)
    card = answer["card"]
    assert card["program"] == {"slug": shop.slug}
    assert card["balance"] == {"active": 0, "pending": 0, "reserved": 0, "lifetimeEarned": 0}
    assert card["revision"] == 0


async def test_the_same_key_gives_the_same_answer(anybody: Api, shop: Shop, conn: Conn) -> None:
    phone, key = await newcomer(anybody, conn), str(uuid4())
    first = await phone.do(JOIN_PROGRAM, programSlug=shop.slug, idempotencyKey=key)
    again = await phone.do(JOIN_PROGRAM, programSlug=shop.slug, idempotencyKey=key)
    assert again == first
    assert await count(conn, "cards") == 1


async def test_a_member_gets_the_card_they_have(phone: Api, asha: Person, shop: Shop, conn: Conn) -> None:
    answer = await phone.do(JOIN_PROGRAM, programSlug=shop.slug, idempotencyKey=str(uuid4()))
    assert answer["alreadyMember"] is True
    assert answer["card"]["id"] == asha.card
    assert await count(conn, "cards") == 1


async def test_a_key_that_came_with_another_program_is_refused(anybody: Api, shop: Shop, conn: Conn) -> None:
    # given a key with which one program was joined
    phone, key = await newcomer(anybody, conn), str(uuid4())
    other = await make_shop(conn, now=phone.now)
    await phone.do(JOIN_PROGRAM, programSlug=shop.slug, idempotencyKey=key)
    before = await everything(conn)
    # when it comes with another program
    answer = await phone.do(JOIN_PROGRAM, programSlug=other.slug, idempotencyKey=key)
    # then nothing was done
    assert answer["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before


async def test_an_unknown_program_is_not_found(phone: Api, asha: Person, conn: Conn) -> None:
    before = await everything(conn)
    for slug in ("no-such-program", "", "Ä" * 300):
        answer = await phone.do(JOIN_PROGRAM, programSlug=slug, idempotencyKey=str(uuid4()))
        assert answer["__typename"] == "NotFound"
    assert await everything(conn) == before


async def test_nobody_must_sign_in_first(anybody: Api, shop: Shop, conn: Conn) -> None:
    said = {"programSlug": shop.slug, "idempotencyKey": str(uuid4())}
    assert await anybody.failure(JOIN_PROGRAM, input=said) == "UNAUTHENTICATED"
    assert await count(conn, "cards") == 0
