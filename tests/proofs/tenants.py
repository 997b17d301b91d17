"""Two merchants, everybody who may call, and the things of one customer that are nobody else's business."""

from dataclasses import dataclass, replace

from auth import sessions, terminals
from schema.ids import (
    CustomerKey,
    EntryKey,
    GiftCardActivityKey,
    GiftCardKey,
    MemberCardKey,
    MemberGiftCardKey,
    ProgramKey,
    SessionKey,
    TerminalKey,
    encode,
)
from tests import journeys
from tests.factories import Shop
from tests.journeys import Member, Scene, Till, new_key
from tests.live import Caller
from tests.proofs import documents as say
from tests.proofs.giving import a_picture, send_money
from wallet.rules import GiftRules, Rules

NAME, EMAIL, FRIEND, RECEIPT = "Asha Aravind", "asha.aravind@example.com", "friend@example.com", "R-OF-ASHA"
PHONE = "+919847012345"
RULES = Rules(gifts=GiftRules(per_day=1_000, recipients_per_day=1_000))

ANONYMOUS = "nobody"
WRONG_API = "a token of the other API"
SIGNED_OUT = "another merchant's, signed out"
STRANGER, NEIGHBOUR, OWNER = "another merchant's customer", "another customer", "the customer"
REVOKED, OTHER_MERCHANT, OTHER_STORE, OWN_TILL = "a revoked till", "another merchant's", "another store's", "the till"


@dataclass(frozen=True, slots=True)
class World:
    """`customers` and `tills` are all who call the one API or the other. Every access token is good."""

    scene: Scene
    shop: Shop
    owner: Member
    at: Till
    customers: dict[str, Caller]
    tills: dict[str, Caller]
    attempt: dict[str, str]
    """Somebody's sign-in that waits for its code, with a wrong one."""
    number: str
    """Of the customer's card."""
    reward: str
    """Of the shop's program."""

    @property
    def secrets(self) -> dict[str, str]:
        """What nobody may read but the customer, and their store as far as it is its business."""
        return {
            "name": NAME,
            "email": EMAIL,
            "phone": PHONE,
            "friend": FRIEND,
            "receipt": RECEIPT,
            "number": self.number,
        }


@dataclass(frozen=True, slots=True)
class Things:
    """What belongs to the customer or to their store, fresh and unused."""

    world: World
    ids: dict[str, str]
    """An id of every type of node."""
    code: str
    digits: str
    live_link: str
    ended_link: str
    other_gift_card: str
    """The customer's second one."""
    money: str
    """A gift of money that they sent."""
    number: str
    """Of a gift card that their store sold."""
    link_of_money: str

    @property
    def gift(self) -> str:
        return self.ids["Gift"]

    @property
    def reward(self) -> str:
        return self.ids["Reward"]

    @property
    def voucher(self) -> str:
        return self.ids["Voucher"]

    @property
    def visit(self) -> str:
        return self.ids["Visit"]

    @property
    def sale(self) -> str:
        return self.ids["Sale"]


async def things(world: World) -> Things:
    """Nothing that was tried before is counted against who tries now."""
    scene, owner, at = world.scene, world.owner, world.at
    async with scene.live.runtime.pool.acquire() as conn:
        await conn.execute("DELETE FROM rate_limits")
    code = await journeys.show_code(scene, owner)
    _, typed = await journeys.mint(scene, owner)
    device = await journeys.phone_of(scene, owner.person.customer_id, EMAIL)
    sold = {
        "sale": {**journeys.basket(receipt=RECEIPT), "customer": {"code": await journeys.show_code(scene, owner)}},
        "idempotencyKey": new_key(),
    }
    sale = (await at.pos.do(say.CHECKOUT, sold))["sale"]["id"]
    voucher = await owner.app.do(say.CLAIM_REWARD, journeys.claim_of(owner, world.reward))
    gift, sent, cancelled = [await journeys.send_gift(scene, owner, 1) for _ in range(3)]
    live_link, ended_link = [await journeys.deliver_gift(scene, each) for each in (sent, cancelled)]
    await owner.app.do(say.CANCEL_GIFT, {"giftId": cancelled, "idempotencyKey": new_key()})
    money = await send_money(scene, owner)
    link_of_money = await journeys.deliver_gift(scene, await send_money(scene, owner))
    place = owner.merchant_id, world.shop.program_id, owner.person.customer_id
    gift_cards = [await journeys.open_gift_card(scene, *place, 500) for _ in range(2)]
    stored = journeys.key_of(gift_cards[0])
    assert isinstance(stored, GiftCardKey)
    ids = {
        "Customer": encode(CustomerKey(owner.person.customer_id)),
        "Session": encode(SessionKey(device.tokens.session_id)),
        "Program": encode(ProgramKey(owner.merchant_id, world.shop.program_id)),
        "Card": owner.card,
        "PointsEntry": encode(EntryKey(owner.merchant_id, owner.card_id, 1)),
        "Gift": gift,
        "Terminal": encode(TerminalKey(owner.merchant_id, at.terminal_id)),
        "Visit": await journeys.open_visit(scene, owner, at),
        "MemberCard": encode(MemberCardKey(owner.merchant_id, owner.card_id)),
        "Sale": sale,
        "Reward": world.reward,
        "Voucher": voucher["voucher"]["id"],
        "GiftCard": gift_cards[0],
        "GiftDesign": await a_picture(scene, world.shop),
        "GiftCardActivity": encode(GiftCardActivityKey(stored.merchant_id, stored.gift_card_id, 1)),
        "MemberGiftCard": encode(MemberGiftCardKey(stored.merchant_id, stored.gift_card_id)),
    }
    number = await _sold_gift_card(world)
    return Things(
        world, ids, code, typed.short_code, live_link, ended_link, gift_cards[1], money, number, link_of_money
    )


async def _sold_gift_card(world: World) -> str:
    """The number, without the PIN, of a card that the till has just sold."""
    sold = {
        **journeys.basket(),
        "lines": [{"lineId": "1", "kind": "GIFT_CARD_SALE", "amountMinor": 500}],
        "customer": {"code": await journeys.show_code(world.scene, world.owner)},
    }
    recorded = await world.at.pos.do(say.CHECKOUT, {"sale": sold, "idempotencyKey": new_key()})
    number: str = recorded["giftCardsSold"][0]["number"]
    return number


async def build(scene: Scene) -> World:
    shop, other = [await journeys.open_shop(scene, rules=RULES) for _ in range(2)]
    person = await journeys.signed_in(scene, email=EMAIL, name=NAME)
    owner = await journeys.member(scene, shop, person, points=1_000)
    await give_number(scene, person)
    stranger, neighbour = [await journeys.member(scene, each, points=9) for each in (other, shop)]
    at, elsewhere, revoked, ended = [await journeys.till(scene, each) for each in (shop, other, shop, other)]
    other_store = await journeys.till(scene, shop, store_id=await journeys.open_store(scene, shop))
    left = await journeys.phone_of(scene, stranger.person.customer_id, stranger.person.email)
    await sign_out(scene, left, ended, revoked)
    attempt = await journeys.mailed_code(scene, neighbour.person.email)
    return World(
        scene=scene,
        shop=shop,
        owner=owner,
        at=at,
        customers={
            ANONYMOUS: scene.customers_api(),
            WRONG_API: replace(at.pos, path="/graphql"),
            SIGNED_OUT: left.app,
            STRANGER: stranger.app,
            NEIGHBOUR: neighbour.app,
            OWNER: owner.app,
        },
        tills={
            ANONYMOUS: scene.tills_api(),
            WRONG_API: replace(owner.app, path="/pos/graphql"),
            SIGNED_OUT: ended.pos,
            REVOKED: revoked.pos,
            OTHER_MERCHANT: elsewhere.pos,
            OTHER_STORE: other_store.pos,
            OWN_TILL: at.pos,
        },
        attempt={**attempt, "code": f"{(int(attempt['code']) + 1) % 10**6:06d}"},
        number=(await owner.app.ask(say.HOME))["viewer"]["cards"][0]["number"],
        reward=await journeys.open_reward(scene, shop, cost_points=1),
    )


async def sign_out(scene: Scene, phone: journeys.Person, ended: Till, revoked: Till) -> None:
    """The sessions of the phone and of the tills have ended; one of the tills is revoked. Their tokens are good yet."""
    now = scene.now
    async with scene.live.runtime.pool.acquire() as conn:
        await sessions.end(conn, customer_id=phone.customer_id, session_id=phone.tokens.session_id, now=now)
        await sessions.end_of_terminal(
            conn, merchant_id=ended.merchant_id, terminal_id=ended.terminal_id, because="replaced", now=now
        )
        await terminals.revoke(conn, merchant_id=revoked.merchant_id, terminal_id=revoked.terminal_id, now=now)


async def give_number(scene: Scene, person: journeys.Person) -> None:
    """A till may look the customer up by their telephone number, too."""
    async with scene.live.runtime.pool.acquire() as conn:
        await conn.execute(
            "UPDATE customers SET phone = $2, phone_key = $2 WHERE customer_id = $1", person.customer_id, PHONE
        )
