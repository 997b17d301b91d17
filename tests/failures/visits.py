"""Short ways of the people in these stories: what is on a card, what a till does."""

from collections.abc import Sequence
from typing import Any

from tests.failures import documents as say
from tests.journeys import Member, Scene, Till, claim_of, mint, new_key, phone_of
from tests.proofs import documents as proofs
from wallet.values import CheckInPurpose

Line = dict[str, Any]


def lines(*amounts: int, **of_each: Any) -> list[Line]:
    """Lines of these amounts, called "1", "2" and so on."""
    return [{"lineId": str(at), "amountMinor": amount, **of_each} for at, amount in enumerate(amounts, start=1)]


def sale_of(visit: str, basket: Sequence[Line], **chosen: Any) -> dict[str, Any]:
    """What quote is told, and checkout beside a key."""
    return {
        "customer": {"visitId": visit},
        "receiptNumber": "R-1",
        "currency": "INR",
        "lines": list(basket),
        **chosen,
    }


async def card_of(scene: Scene, owner: Member) -> dict[str, Any]:
    """The card as a phone shows it now. The phone has just been signed in on: days may have gone by."""
    person = await phone_of(scene, owner.person.customer_id, owner.person.email)
    card: dict[str, Any] = (await person.app.ask(say.CARD, {"id": owner.card}))["node"]
    return card


async def visit(scene: Scene, owner: Member, at: Till) -> str:
    """A visit on which vouchers may be used."""
    token, _ = await mint(scene, owner, CheckInPurpose.REDEEM)
    opened = await at.pos.do(say.SCAN, {"code": token})
    assert opened["__typename"] == "Visit", opened
    found: str = opened["id"]
    return found


async def sold(at: Till, sale: dict[str, Any], **chosen: Any) -> dict[str, Any]:
    """What a checkout that was recorded says."""
    answer = await at.pos.do(say.CHECKOUT, {"sale": sale, "idempotencyKey": new_key(), **chosen})
    assert answer["__typename"] == "SaleRecorded", answer
    return answer


async def brought_back(at: Till, sold: dict[str, Any], **chosen: Any) -> dict[str, Any]:
    """What a refund says: of all that is left, unless lines or an amount are named."""
    told = {"saleId": sold["sale"]["id"], "idempotencyKey": new_key(), **chosen}
    answer = await at.pos.do(say.REFUND, told)
    assert answer["__typename"] == "SaleRefunded", answer
    return answer


async def claimed(owner: Member, reward: str) -> str:
    """The id of a voucher that the member bought in the app."""
    answer = await owner.app.do(proofs.CLAIM_REWARD, claim_of(owner, reward))
    assert answer["__typename"] == "RewardClaimed", answer
    voucher: str = answer["voucher"]["id"]
    return voucher
