"""A shop, two of its members, a till, and the APIs that they call."""

from datetime import datetime

import pytest

from auth import keys
from auth.keys import KeyRing
from auth.secrets import SecretBox
from infra.changes import CardChanges
from infra.pool import Pool
from resolvers.root_customer import customer_schema
from resolvers.root_pos import pos_schema
from tests.factories import Shop, make_card, make_customer, make_points, make_reward, make_shop
from tests.resolvers.api import Api, House, Noted, as_customer, as_terminal, make_house, sign_in
from tests.resolvers.world import Person
from wallet.database import Conn
from wallet.rewards import Reward
from wallet.rules import Rules
from wallet.values import Minor, Points

TEN_BEANS_A_HUNDRED_RUPEES = Rules(points=Points(10), per_minor=Minor(10_000), expiry_months=12)


@pytest.fixture
def box() -> SecretBox:
    return SecretBox(bytes(range(32)))


@pytest.fixture
async def ring(pool: Pool, box: SecretBox, now: datetime) -> KeyRing:
    async with pool.acquire() as conn, conn.transaction():
        await keys.ensure(conn, box=box, now=now)
        return await keys.load(conn, box=box, now=now)


@pytest.fixture
def changes(pool: Pool) -> CardChanges:
    return Noted(pool)


@pytest.fixture
def house(pool: Pool, box: SecretBox, ring: KeyRing, changes: CardChanges, now: datetime) -> House:
    return make_house(pool, box, ring, changes, now)


@pytest.fixture
def anybody(house: House, now: datetime) -> Api:
    """The customers' API, called by nobody in particular."""
    return Api(house, "/graphql", customer_schema, now)


@pytest.fixture
def new_till(house: House, now: datetime) -> Api:
    """The tills' API, called by a device that is no till yet."""
    return Api(house, "/pos/graphql", pos_schema, now)


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now, rules=TEN_BEANS_A_HUNDRED_RUPEES)


async def make_person(
    conn: Conn, shop: Shop, *, email: str, name: str | None, points: int = 0, now: datetime
) -> Person:
    customer_id = await make_customer(conn, email=email, name=name, now=now)
    card_id = await make_card(conn, shop, customer_id, now=now)
    session_id = await sign_in(conn, customer_id, now=now)
    if points:
        await make_points(conn, shop, card_id, points, now=now)
    return Person(customer_id, session_id, shop.merchant_id, card_id)


@pytest.fixture
async def asha(conn: Conn, shop: Shop, now: datetime) -> Person:
    """A member with 100 beans."""
    return await make_person(conn, shop, email="asha@example.com", name="Asha", points=100, now=now)


@pytest.fixture
async def ben(conn: Conn, shop: Shop, now: datetime) -> Person:
    """Another member, without any beans, who has told no name."""
    return await make_person(conn, shop, email="ben@example.com", name=None, now=now)


@pytest.fixture
def phone(anybody: Api, asha: Person) -> Api:
    """The customers' API, called by Asha's phone."""
    return as_customer(anybody, asha.customer_id, asha.session_id)


@pytest.fixture
def other_phone(anybody: Api, ben: Person) -> Api:
    """The customers' API, called by Ben's phone."""
    return as_customer(anybody, ben.customer_id, ben.session_id)


@pytest.fixture
def till(new_till: Api, shop: Shop) -> Api:
    """The tills' API, called by the shop's till."""
    return as_terminal(new_till, shop)


@pytest.fixture
async def coffee(conn: Conn, shop: Shop, now: datetime) -> Reward:
    """A free coffee of the shop's program for 40 beans."""
    return await make_reward(conn, shop, slug="free-coffee", cost_points=40, voucher_days=30, now=now)
