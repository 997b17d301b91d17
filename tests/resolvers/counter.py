"""What a till sends in the tests of several operations."""

from typing import Any
from uuid import uuid4

from tests.resolvers.api import Api
from tests.resolvers.documents import CHECKOUT, CREATE_CHECK_IN_CODE, SCAN
from tests.resolvers.world import Person
from wallet.values import CheckInPurpose


async def shown_code(phone: Api, person: Person, purpose: CheckInPurpose = CheckInPurpose.EARN) -> dict[str, str]:
    """The code that the person's phone shows now."""
    code = await phone.do(CREATE_CHECK_IN_CODE, cardId=person.card, purpose=purpose.value)
    assert code["__typename"] == "CheckInCode"
    return code


async def scanned(till: Api, phone: Api, person: Person) -> str:
    """The id of a visit that the person's code opened now."""
    visit = await till.do(SCAN, code=(await shown_code(phone, person))["token"])
    assert visit["__typename"] == "Visit"
    return str(visit["id"])


def sale_of(
    *, visit: str | None = None, code: str | None = None, receipt: str = "R-1", amount_minor: int = 50_000
) -> dict[str, object]:
    """A sale of one coffee, which earns, and its delivery, which does not."""
    return {
        "customer": {"visitId": visit} if visit else {"code": code},
        "receiptNumber": receipt,
        "currency": "INR",
        "lines": [
            {"lineId": "1", "sku": "COFFEE", "amountMinor": amount_minor},
            {"lineId": "2", "kind": "SHIPPING", "amountMinor": 3_000},
        ],
    }


async def recorded(till: Api, phone: Api, person: Person, **facts: object) -> dict[str, Any]:
    """The answer to a checkout of `sale_of` with the person's own code."""
    code = (await shown_code(phone, person))["token"]
    answer = await till.do(CHECKOUT, sale={**sale_of(code=code), **facts}, idempotencyKey=str(uuid4()))
    assert answer["__typename"] == "SaleRecorded", answer
    return answer
