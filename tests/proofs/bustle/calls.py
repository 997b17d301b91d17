"""What is called for in a busy town: everything that the two APIs can do with points, and what the merchant decides."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from tests.journeys import Member, Till, deliver_gift, gift_of, mint, new_key
from tests.proofs import documents as say
from tests.proofs.bustle import money
from tests.proofs.bustle.town import Town, keep, rules_of_the_day
from wallet import programs, reviews
from wallet.errors import InvalidInput
from wallet.values import CheckInPurpose, SaleId

CANCEL_GIFT = """
mutation CancelGift($input: CancelGiftInput!) {
  cancelGift(input: $input) { __typename ... on GiftCancelled { gift { id status } } ... on UserError { message } }
}
"""

HELD_SQL = "SELECT sale_id FROM sales WHERE merchant_id = $1 AND review = 'HELD' ORDER BY posted_at DESC LIMIT 20"


async def code_of(town: Town, owner: Member) -> str:
    purpose = CheckInPurpose.REDEEM if town.rng.random() < 0.8 else CheckInPurpose.EARN
    token, _ = await mint(town.scene, owner, purpose)
    if purpose is CheckInPurpose.EARN:
        keep(town.codes, (token, town.scene.now))
    return token


async def join(town: Town) -> None:
    await town.keyed(town.rng.choice(town.members), say.JOIN, {"programSlug": town.shop.slug}, "card")


async def scan(town: Town) -> None:
    at, owner = town.rng.choice(town.tills), town.rng.choice(town.members)
    opened = await town.ask(at, say.SCAN, {"code": await code_of(town, owner)})
    if opened["__typename"] == "Visit":
        keep(town.visits, (at, opened["id"]))


async def sale_of(town: Town) -> tuple[Till, dict[str, Any]]:
    """A basket, for an open visit or a fresh code, with a voucher or a reward now and then."""
    rng = town.rng
    lines = [
        {
            "lineId": str(at),
            "amountMinor": rng.choice((240, 700, 1_999, 100, 55, 150, 0)),
            "category": rng.choice(("coffee", "bread", "tobacco", None)),
            "quantity": rng.randint(1, 3),
        }
        for at in range(1, rng.randint(1, 4) + 1)
    ]
    owner = rng.choice(town.members)
    own = [voucher for who, voucher in town.vouchers if who == owner]
    if town.visits and rng.random() < 0.4:
        at, visit = rng.choice(town.visits[-8:])
        customer = {"visitId": visit}
    else:
        at, customer = rng.choice(town.tills), {"code": await code_of(town, owner)}
    sale: dict[str, Any] = {"customer": customer, "receiptNumber": "R-1", "currency": "INR", "lines": lines}
    if "code" in customer and own and rng.random() < 0.5:
        sale["voucherIds"] = [rng.choice(own[-4:])]
    if rng.random() < 0.15:
        sale["rewardIds"] = [rng.choice(town.rewards)]
    if "code" in customer and rng.random() < 0.25:
        sale["tenders"] = await money.tenders_of(town, owner)
    if "code" in customer and rng.random() < 0.1:
        sale["lines"] += await money.sold_lines(town, owner)
    return at, sale


async def quote(town: Town) -> None:
    at, sale = await sale_of(town)
    quoted = await town.ask(at, say.QUOTE, sale)
    if quoted["__typename"] == "Quote":
        keep(town.quotes, (at, sale, quoted["id"]))


async def sell(town: Town) -> None:
    await _sold(town, *await sale_of(town))


async def sell_as_quoted(town: Town) -> None:
    """What one of the last quotes said, which somebody else may be about to do as well."""
    if town.quotes:
        at, sale, quote_id = town.rng.choice(town.quotes[-6:])
        await _sold(town, at, sale, quoteId=quote_id)


async def _sold(town: Town, at: Till, sale: dict[str, Any], **chosen: str) -> None:
    done = await town.keyed(at, say.CHECKOUT, {"sale": sale, **chosen}, "sale")
    if done["__typename"] == "SaleRecorded":
        keep(town.sales, (at, done["sale"]["id"], [line["lineId"] for line in sale["lines"]]))


async def settle(town: Town) -> None:
    """An upload of two sales of the last days, whose codes may have been used by then; sometimes sent twice."""
    at, uploads = town.rng.choice(town.tills), list[dict[str, Any]]()
    for _ in range(2):
        if not town.codes or town.rng.random() < 0.5:
            token, _ = await mint(town.scene, town.rng.choice(town.members), CheckInPurpose.EARN)
            keep(town.codes, (token, town.scene.now))
        token, shown_at = town.rng.choice(town.codes[-10:])
        sale = {
            "customer": {"code": token},
            "receiptNumber": "R-2",
            "currency": "INR",
            "lines": [{"lineId": "1", "amountMinor": town.rng.choice((240, 700))}],
        }
        uploads.append({"sale": sale, "scannedAt": shown_at.isoformat(), "idempotencyKey": new_key()})
    for _ in range(town.rng.choice((1, 1, 2))):
        await town.ask(at, say.SETTLE, {"sales": uploads})


async def refund(town: Town) -> None:
    if not town.sales:
        return
    at, sale, lines = town.rng.choice(town.sales[-15:])
    way, chosen = town.rng.choice(("lines", "amount", "rest")), dict[str, Any](saleId=sale)
    if way == "lines":
        chosen["lineIds"] = town.rng.sample(lines, town.rng.randint(1, len(lines)))
    elif way == "amount":
        chosen["amountMinor"] = town.rng.randint(1, 900)
    await town.keyed(at, say.REFUND, chosen, "sale")


async def undo(town: Town) -> None:
    """What the list at the till says can be undone is, unless somebody else is faster."""
    if not town.visits:
        return
    at, visit = town.rng.choice(town.visits[-4:])
    listed = await town.look(at, say.OPERATIONS, {"visitId": visit})
    town.counted("operations: listed")
    if fit := [each["sale"]["id"] for each in listed["operations"] if each["canBeUndone"]]:
        await town.keyed(at, say.REFUND, {"saleId": town.rng.choice(fit)}, "sale")


async def enrol(town: Town) -> None:
    at, number = town.rng.choice(town.tills), town.rng.randint(1, 12)
    email, phone = f"person{number}@example.com", f"+9198765432{number:02}"
    if town.rng.random() < 0.5:
        await town.keyed(at, say.ENROL, {"email": email, "phone": town.rng.choice((phone, None))}, "visit")
    else:
        await town.keyed(at, say.ENROL_BY_PHONE, {"phone": phone}, "visit")


async def look_up(town: Town) -> None:
    at, by = town.rng.choice(town.tills), {"email": town.rng.choice(town.members).person.email}
    if town.rng.random() < 0.2:
        by = {"phone": f"+9198765432{town.rng.randint(1, 40):02}"}
    opened = await town.ask(at, say.LOOK_UP, by)
    if opened["__typename"] == "Visit":
        keep(town.visits, (at, opened["id"]))


async def claim(town: Town) -> None:
    owner = town.rng.choice(town.members)
    given = {"cardId": owner.card, "rewardId": town.rng.choice(town.rewards)}
    claimed = await town.keyed(owner, say.CLAIM_REWARD, given, "voucher")
    if claimed["__typename"] == "RewardClaimed":
        keep(town.vouchers, (owner, claimed["voucher"]["id"]))


async def cancel(town: Town) -> None:
    if town.vouchers:
        owner, voucher = town.rng.choice(town.vouchers[-12:])
        await town.keyed(owner, say.CANCEL_VOUCHER, {"voucherId": voucher}, "voucher")


async def give(town: Town) -> None:
    owner = town.rng.choice(town.members)
    sent = await town.keyed(owner, say.SEND_GIFT, gift_of(owner, town.rng.randint(1, 4)), "gift")
    if sent["__typename"] == "GiftSent":
        gift = sent["gift"]["id"]
        keep(town.gifts, (owner, gift))
        with suppress(AssertionError):  # somebody has taken it back by now
            keep(town.links, await deliver_gift(town.scene, gift))


async def claim_gift(town: Town) -> None:
    if town.links:
        given = {"token": town.rng.choice(town.links[-8:])}
        await town.keyed(town.rng.choice(town.members), say.CLAIM, given, "points")


async def cancel_gift(town: Town) -> None:
    if town.gifts:
        owner, gift = town.rng.choice(town.gifts[-8:])
        await town.keyed(owner, CANCEL_GIFT, {"giftId": gift}, "gift")


async def birthday(town: Town) -> None:
    day = {"month": 11, "day": town.rng.randint(20, 28)}
    await town.ask(town.rng.choice(town.members), say.SET_BIRTHDAY, day)


async def home(town: Town) -> None:
    await town.look(town.rng.choice(town.members), say.WALLET, {})
    town.counted("viewer: seen")


async def again(town: Town) -> None:
    await town.again()


async def review(town: Town) -> None:
    """The merchant decides about a sale that waits, or finds it decided."""
    async with town.scene.live.runtime.pool.acquire() as conn:
        held = await conn.fetch(HELD_SQL, town.shop.merchant_id)
        if not held:
            return
        sale_id, decide = SaleId(town.rng.choice(held)["sale_id"]), town.rng.choice((reviews.release, reviews.refuse))
        with suppress(InvalidInput):
            async with conn.transaction():
                await decide(conn, merchant_id=town.shop.merchant_id, sale_id=sale_id, now=town.scene.now)
            town.counted(f"review: {decide.__name__}")


async def revise(town: Town) -> None:
    shop, now = town.shop, town.scene.now
    async with town.scene.live.runtime.pool.acquire() as conn, conn.transaction():
        await programs.revise(
            conn,
            merchant_id=shop.merchant_id,
            program_id=shop.program_id,
            rules=rules_of_the_day(town.rng),
            valid_from=now,
            now=now,
        )
    town.counted("revise: done")


Call = Callable[[Town], Awaitable[None]]

CALLS: dict[Call, int] = {
    join: 1, scan: 8, quote: 6, sell: 16, sell_as_quoted: 8, settle: 4, refund: 14, undo: 3, enrol: 3, look_up: 3,
    claim: 9, cancel: 5, give: 6, claim_gift: 5, cancel_gift: 4, birthday: 1, home: 3, again: 6, review: 3, revise: 1,
    money.move: 5, money.give_money: 4, money.give_reward: 2, money.pay: 8, money.mail_money: 4, money.decline: 2,
    money.block: 2,
}  # fmt: skip
"""How often each is called for beside the others."""
