"""People and tills who call a running application, brought quickly to where a test begins.

Whoever is signed in here has a real session and tokens that the application's own keys signed: nothing that verifies
is replaced. What a test is about goes over HTTP; only the way there may be shorter.
"""

import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from auth import check_in_tokens, emails, gift_cards, links, sessions, sign_in
from auth.sessions import SessionTokens
from infra.demo import documents as demo
from schema.ids import AttemptKey, CardKey, GiftCardKey, GiftKey, NodeKey, RewardKey, decode, encode
from tests.database import Database
from tests.factories import Shop, make_card, make_customer, make_points, make_reward, make_shop
from tests.live import Caller, Live, live_application
from tests.wire import KeepAlive
from wallet import check_ins, gifts, stores
from wallet.check_ins import Minted
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.rules import Rules
from wallet.values import CardId, CheckInPurpose, CustomerId, GiftId, MerchantId, Minor, ProgramId, StoreId, TerminalId

MAILED_CODE = re.compile(r"\b(\d{6})\b")
MAILED_LINK = re.compile(r"/g/([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Scene:
    """A running application, and a client with enough connections for many who call it at once."""

    live: Live
    http: httpx.AsyncClient
    database: Database

    @property
    def now(self) -> datetime:
        return self.live.clock()

    def customers_api(self, token: str | None = None) -> Caller:
        return Caller(self.http, "/graphql", token)

    def tills_api(self, token: str | None = None) -> Caller:
        return Caller(self.http, "/pos/graphql", token)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer who is signed in on a phone."""

    customer_id: CustomerId
    email: str
    tokens: SessionTokens
    app: Caller


@dataclass(frozen=True, slots=True)
class Member:
    """A customer who is signed in and has a card."""

    person: Person
    merchant_id: MerchantId
    card_id: CardId

    @property
    def app(self) -> Caller:
        return self.person.app

    @property
    def card(self) -> str:
        """The card's id as the API writes it."""
        return encode(CardKey(self.merchant_id, self.card_id))


@dataclass(frozen=True, slots=True)
class Till:
    """An activated terminal."""

    merchant_id: MerchantId
    terminal_id: TerminalId
    tokens: SessionTokens
    pos: Caller


@asynccontextmanager
async def opened(database: Database, **chosen: Any) -> AsyncIterator[Scene]:
    """The application of this database, without a worker unless one is asked for, with all connections open."""
    chosen = {"with_worker": False, "pool_min": 20, **chosen}
    async with (
        live_application(database, **chosen) as live,
        httpx.AsyncClient(base_url=live.base_url, transport=KeepAlive(), trust_env=False) as http,
    ):
        yield Scene(live, http, database)


def new_key() -> str:
    return str(uuid.uuid4())


def key_of(node_id: str) -> NodeKey:
    """What an id of the API names."""
    key = decode(node_id)
    assert key is not None, node_id
    return key


# ---------------------------------------------------------------- who they are


async def open_shop(scene: Scene, *, rules: Rules | None = None) -> Shop:
    async with scene.live.runtime.pool.acquire() as conn, conn.transaction():
        return await make_shop(conn, now=scene.now, rules=rules)


async def signed_in(scene: Scene, *, email: str | None = None, name: str | None = None) -> Person:
    """A new customer, signed in."""
    email = email or f"{uuid.uuid4().hex[:12]}@example.com"
    async with scene.live.runtime.pool.acquire() as conn, conn.transaction():
        customer_id = await make_customer(conn, email=email, name=name, now=scene.now)
    return await phone_of(scene, customer_id, email)


async def phone_of(scene: Scene, customer_id: CustomerId, email: str) -> Person:
    """One more device that the customer is signed in on."""
    runtime, now = scene.live.runtime, scene.now
    ring = await runtime.rings.current(now)
    async with runtime.pool.acquire() as conn, conn.transaction():
        tokens = await sessions.open_for_customer(
            conn, box=runtime.box, ring=ring, customer_id=customer_id, device_name="Phone", now=now
        )
    return Person(customer_id, email, tokens, scene.customers_api(tokens.access.text))


async def member(scene: Scene, shop: Shop, person: Person | None = None, *, points: int = 0) -> Member:
    """A signed-in customer with a card, on which so many points are spendable."""
    person = person or await signed_in(scene)
    async with scene.live.runtime.pool.acquire() as conn, conn.transaction():
        card_id = await make_card(conn, shop, person.customer_id, now=scene.now)
        if points:
            await make_points(conn, shop, card_id, points, now=scene.now)
    return Member(person, shop.merchant_id, card_id)


async def till(scene: Scene, shop: Shop, *, store_id: StoreId | None = None) -> Till:
    """One more terminal of the shop, activated; in the shop's store unless another is named."""
    async with scene.live.runtime.pool.acquire() as conn, conn.transaction():
        terminal_id = await stores.create_terminal(
            conn, merchant_id=shop.merchant_id, store_id=store_id or shop.store_id, name="Till", now=scene.now
        )
    return await device_of(scene, shop.merchant_id, terminal_id)


async def device_of(scene: Scene, merchant_id: MerchantId, terminal_id: TerminalId) -> Till:
    """A device that is this terminal: it has a session of its own."""
    runtime, now = scene.live.runtime, scene.now
    ring = await runtime.rings.current(now)
    async with runtime.pool.acquire() as conn, conn.transaction():
        tokens = await sessions.open_for_terminal(
            conn,
            box=runtime.box,
            ring=ring,
            merchant_id=merchant_id,
            terminal_id=terminal_id,
            device_name="Till",
            now=now,
        )
    return Till(merchant_id, terminal_id, tokens, scene.tills_api(tokens.access.text))


async def open_store(scene: Scene, shop: Shop) -> StoreId:
    """One more store of the shop's program."""
    async with scene.live.runtime.pool.acquire() as conn, conn.transaction():
        return await stores.create_store(
            conn, merchant_id=shop.merchant_id, program_id=shop.program_id, name="Store B", now=scene.now
        )


async def sign_in_by_mail(scene: Scene, email: str) -> dict[str, Any]:
    """The whole way: a code asked for, read in the mailbox and typed. Needs the worker. Returns SignedIn."""
    app = scene.customers_api()
    requested = await app.do(demo.REQUEST_CODE, {"email": email})
    mail = await scene.live.mailbox.wait_for(email)
    said = {"attemptId": requested["attemptId"], "code": found(MAILED_CODE, mail.text), "deviceName": "Phone"}
    signed = await app.do(demo.SIGN_IN, said)
    assert signed["__typename"] == "SignedIn"
    return signed


async def mailed_code(scene: Scene, email: str) -> dict[str, str]:
    """What signIn is told with the right code. The code is made as the worker makes it when it mails."""
    runtime, now = scene.live.runtime, scene.now
    async with runtime.pool.acquire() as conn, conn.transaction():
        asked = await sign_in.request_code(
            conn, box=runtime.box, email=emails.normalise(email, field="email"), locale="en", client=None, now=now
        )
        made = await sign_in.make_code(conn, box=runtime.box, attempt_id=asked.attempt_id, now=now)
    assert made is not None
    return {"attemptId": encode(AttemptKey(asked.attempt_id)), "code": made.code, "deviceName": "Phone"}


# ---------------------------------------------------------------- what they hold


async def mint(scene: Scene, owner: Member, purpose: CheckInPurpose = CheckInPurpose.EARN) -> tuple[str, Minted]:
    """A check-in code of the member's card: the 218 digits, and what is known of them."""
    runtime, now = scene.live.runtime, scene.now
    ring = await runtime.rings.current(now)
    async with runtime.pool.acquire() as conn, conn.transaction():
        minted = await check_ins.mint(
            conn,
            customer_id=owner.person.customer_id,
            merchant_id=owner.merchant_id,
            card_id=owner.card_id,
            purpose=purpose,
            now=now,
        )
    token = check_in_tokens.mint(
        ring,
        purpose=minted.purpose,
        program_number=minted.program_number,
        card_reference=minted.card_reference,
        expires_at=minted.expires_at,
        jti=minted.jti,
        now=now,
    )
    return token, minted


async def show_code(scene: Scene, owner: Member) -> str:
    """What a scanner reads from the member's phone."""
    token, _ = await mint(scene, owner)
    return token


async def open_visit(scene: Scene, owner: Member, at: Till) -> str:
    """The id of a visit that a scan at the till has opened."""
    opened = await at.pos.do(demo.SCAN, {"code": await show_code(scene, owner)})
    assert opened["__typename"] == "Visit", opened
    visit_id: str = opened["id"]
    return visit_id


def basket(*, receipt: str = "R-1", amount_minor: int = 25_000) -> dict[str, Any]:
    """A sale of two lines without its customer."""
    return {
        "receiptNumber": receipt,
        "currency": "INR",
        "lines": [
            {"lineId": "1", "amountMinor": amount_minor - 5_000, "sku": "COFFEE"},
            {"lineId": "2", "amountMinor": 5_000},
        ],
    }


def gift_of(sender: Member, points: int, *, to: str = "friend@example.com") -> dict[str, Any]:
    """What sendGift is told."""
    return {
        "cardId": sender.card,
        "points": points,
        "recipientName": "Friend",
        "recipientEmail": to,
        "message": "Have one on me",
        "idempotencyKey": new_key(),
    }


async def open_reward(scene: Scene, shop: Shop, **facts: Any) -> str:
    """The id of one more reward of the shop's program: a free coffee for 50 points, unless told otherwise."""
    async with scene.live.runtime.pool.acquire() as conn, conn.transaction():
        reward = await make_reward(conn, shop, now=scene.now, **facts)
    return encode(RewardKey(reward.merchant_id, reward.reward_id))


def claim_of(owner: Member, reward: str) -> dict[str, Any]:
    """What claimReward is told."""
    return {"cardId": owner.card, "rewardId": reward, "idempotencyKey": new_key()}


async def open_gift_card(
    scene: Scene, merchant_id: MerchantId, program_id: ProgramId, customer_id: CustomerId, amount_minor: int
) -> str:
    """A gift card of the program with so much on it, of this customer's."""
    runtime, now = scene.live.runtime, scene.now
    async with runtime.pool.acquire() as conn, conn.transaction():
        opened = await value.open(
            conn,
            merchant_id=merchant_id,
            program_id=program_id,
            mint=gift_cards.minter(runtime.box, merchant_id=merchant_id),
            owner_customer_id=customer_id,
            now=now,
        )
        await value.activate(
            conn, opened.card, amount=Minor(amount_minor), expires_at=None, cause=ValueCause(now), now=now
        )
    return encode(GiftCardKey(merchant_id, opened.card.gift_card_id))


async def send_gift(scene: Scene, sender: Member, points: int) -> str:
    """The id of a gift that was sent over HTTP. Its mail has not left."""
    sent = await sender.app.do(demo.SEND_GIFT, gift_of(sender, points))
    assert sent["__typename"] == "GiftSent", sent
    gift_id: str = sent["gift"]["id"]
    return gift_id


async def deliver_gift(scene: Scene, gift: str, *, delivery: int = 1) -> str:
    """The gift's mail has left, as far as the database knows. Returns the token of the link that was in it."""
    key, now, link = key_of(gift), scene.now, links.new_link()
    assert isinstance(key, GiftKey)
    place = (key.merchant_id, key.gift_id)
    async with scene.live.runtime.pool.acquire() as conn, conn.transaction():
        mailed = await gifts.prepare_delivery(
            conn, merchant_id=place[0], gift_id=place[1], delivery=delivery, link_hash=link.hash, now=now
        )
        assert mailed is not None
        await gifts.record_sent(conn, merchant_id=place[0], gift_id=place[1], delivery=delivery, now=now)
    return link.token


def gift_key(gift: str) -> tuple[MerchantId, GiftId]:
    key = key_of(gift)
    assert isinstance(key, GiftKey)
    return key.merchant_id, key.gift_id


def found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    assert match is not None, text
    return match[1]
