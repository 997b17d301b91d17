"""What is sent again, because an answer was lost or a till was away: done once, however late and by whatever way."""

from datetime import timedelta

import pytest

from tests.factories import Shop
from tests.failures import documents as say
from tests.failures.visits import card_of, lines
from tests.journeys import Scene, Till, device_of, member, new_key, open_store, show_code, till
from tests.proofs import documents as proofs
from tests.proofs.racing import assert_lawful, counts

YEARS = timedelta(days=1_000)


@pytest.mark.parametrize("offline_first", [True, False])
async def test_a_sale_that_a_till_sends_again_years_later_is_the_one_it_was(
    scene: Scene, shop: Shop, at: Till, offline_first: bool
) -> None:
    # given a sale whose answer the till never read
    owner, key = await member(scene, shop), new_key()
    sale = {
        "customer": {"code": await show_code(scene, owner)},
        "receiptNumber": "R-1",
        "currency": "INR",
        "lines": lines(12_000),
        "occurredAt": scene.now.isoformat(),
    }
    online = {"sale": sale, "idempotencyKey": key}
    offline = {"sales": [{**online, "scannedAt": scene.now.isoformat()}]}

    async def upload(device: Till) -> dict[str, object]:
        [result] = (await device.pos.do(say.SETTLE, offline))["results"]
        return dict(result)

    async def sell(device: Till) -> dict[str, object]:
        return await device.pos.do(say.CHECKOUT, online)

    same, other = (upload, sell) if offline_first else (sell, upload)
    first = await same(at)
    assert (first["__typename"], first["replayed"]) == ("SaleRecorded", False)
    # when a device that has been in a drawer for years sends it again, as it was and as if it were another kind
    scene.live.clock.advance(YEARS)
    drawer = await device_of(scene, at.merchant_id, at.terminal_id)
    again = [await same(drawer), await other(drawer), await same(drawer)]
    # then it is the sale that it was, the key is known whichever way it comes, and nothing was credited twice
    assert [answer["__typename"] for answer in again] == ["SaleRecorded", "IdempotencyKeyReused", "SaleRecorded"]
    assert [(answer["replayed"], answer["sale"]) for answer in again[::2]] == [(True, first["sale"])] * 2
    assert (await card_of(scene, owner))["balance"]["active"] == 12
    assert await counts(scene, "sales", "entries") == {"sales": 1, "entries": 1}
    await assert_lawful(scene)


async def test_two_tills_that_were_away_and_enrolled_the_same_person_have_one_card(scene: Scene, shop: Shop) -> None:
    # given a newcomer who was enrolled at two stores, by address here and by address and number there
    here = await till(scene, shop)
    there = await till(scene, shop, store_id=await open_store(scene, shop))
    before = await counts(scene, "customers", "cards")
    asked = [
        (here, {"email": "asha@example.com", "idempotencyKey": new_key()}),
        (there, {"email": "Asha@Example.com", "phone": "+91 98765 43210", "idempotencyKey": new_key()}),
    ]
    # when both are sent, each twice
    answers = [await at.pos.do(proofs.ENROL, told) for at, told in asked for _ in range(2)]
    # then there is one customer with one card
    assert {answer["__typename"] for answer in answers} == {"CustomerEnrolled"}
    assert len({answer["visit"]["card"]["id"] for answer in answers}) == 1
    assert await counts(scene, "customers", "cards") == {name: count + 1 for name, count in before.items()}
