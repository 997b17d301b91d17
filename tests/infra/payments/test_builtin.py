"""The built-in provider and its page: from the click to the gift, by a message over HTTP, however often one clicks."""

from datetime import timedelta

import orjson
import pytest

from auth import standard_webhooks
from tests.database import Database
from tests.infra.payments.shop import paying_scene
from tests.infra.working import until
from tests.wallet.payments.scenes import AMOUNT, Paying, assert_lawful, end, gift_card, gift_status, now_is, state_of
from tests.web.contents import all_rows
from tests.web.markup import Markup
from wallet.database import Conn
from wallet.payments import PaymentState, SeenState
from wallet.values import Minor, Money

HELD = ("ACTIVE", AMOUNT.amount_minor)
REFUNDS_SQL = "SELECT count(*) FROM builtin_refunds"
DEAD_SQL = "SELECT count(*) FROM outbox WHERE dead_at IS NOT NULL"


@pytest.mark.parametrize("by_bank", [False, True])
async def test_approved_payment_sends_the_gift(database: Database, conn: Conn, *, by_bank: bool) -> None:
    async with paying_scene(database) as scene:
        paying, ref = await scene.started(conn)
        shown = await scene.http.get(f"/pay/{ref}")
        assert "₹500" in Markup(shown.text).text

        if by_bank:
            asked = await scene.press(f"/pay/{ref}", "ask")
            assert (asked.status_code, asked.headers["location"]) == (303, f"/pay/{ref}/bank")
            assert "Is it you" in Markup((await scene.http.get(f"/pay/{ref}/bank")).text).text
        done = await scene.press(f"/pay/{ref}{'/bank' if by_bank else ''}", "approve")

        assert (done.status_code, done.headers["location"]) == (303, f"/pay/{ref}")
        await scene.until_state(conn, paying, PaymentState.PAID)
        assert await gift_card(conn, paying) == HELD
        assert "was paid" in Markup((await scene.http.get(f"/pay/{ref}")).text).text
        await assert_lawful(conn)


async def test_declined_payment_ends_the_gift(database: Database, conn: Conn) -> None:
    async with paying_scene(database) as scene:
        paying, ref = await scene.started(conn)

        await scene.press(f"/pay/{ref}", "decline")

        await scene.until_state(conn, paying, PaymentState.FAILED)
        assert await gift_status(conn, paying) == "CANCELLED"
        assert "declined" in Markup((await scene.http.get(f"/pay/{ref}")).text).text
        await assert_lawful(conn)


@pytest.mark.parametrize(
    ("first", "second", "state"), [("approve", "decline", "PAID"), ("decline", "approve", "DECLINED")]
)
async def test_second_click_and_a_reload_do_nothing_twice(
    database: Database, conn: Conn, first: str, second: str, state: str
) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        _, ref = await scene.started(conn)
        await scene.press(f"/pay/{ref}", first)
        before = await all_rows(conn)

        for path in (f"/pay/{ref}", f"/pay/{ref}/bank"):
            for choice in (first, second, "ask", "", "nonsense"):
                await scene.press(path, choice)
            await scene.http.get(path)

        assert await all_rows(conn) == before
        shown = await scene.bank.show(ref)
        assert shown is not None
        assert shown.state == state


async def test_looking_at_the_page_changes_nothing_and_it_needs_no_script(database: Database, conn: Conn) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        paying, ref = await scene.started(conn)
        before = await all_rows(conn)

        for method in ("GET", "HEAD") * 20:
            for path in (f"/pay/{ref}", f"/pay/{ref}/bank"):
                answer = await scene.http.request(method, path)
                assert answer.status_code == 200
                assert "script-src 'none'" in answer.headers["content-security-policy"]
                assert "form-action 'self'" in answer.headers["content-security-policy"]
                assert answer.headers["cache-control"] == "no-store"

        assert await all_rows(conn) == before
        page = Markup((await scene.http.get(f"/pay/{ref}")).text)
        assert paying.payment.payee in page.text
        assert [tag for tag, _ in page.elements if tag == "script"] == []


@pytest.mark.parametrize(
    "path",
    [
        *("/pay/nothing", "/pay/" + "A" * 43, "/pay/" + "A" * 43 + "/bank"),
        *("/pay/%00", "/pay/a%00b/bank", "/pay/" + "A" * 42 + "%00", "/pay/%ED%A0%80", "/pay/" + "A" * 5_000),
    ],
    ids=range(8),
)
async def test_unknown_payment_is_a_page_that_says_so(database: Database, path: str) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        assert (await scene.http.get(path)).status_code == 404
        assert (await scene.press(path, "approve")).status_code == 404


@pytest.mark.parametrize("language", ["en", "hi", "bn", "te", "ml", "th"])
async def test_page_speaks_the_reader_s_language(database: Database, conn: Conn, language: str) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        _, ref = await scene.started(conn)

        answer = await scene.http.get(f"/pay/{ref}", headers={"accept-language": language})

        assert f'<html lang="{language}' in answer.text
        assert ("Pay for a gift" in answer.text) == (language == "en")


async def test_made_twice_with_one_key_it_is_one_payment(database: Database, conn: Conn) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        paying = await scene.make_paying(conn)

        first, second = [await scene.bank.create(paying.payment) for _ in range(2)]

        assert first == second
        assert first.url == f"{scene.live.base_url}/pay/{first.ref}"
        assert await scene.bank.look("A" * 43) == (await scene.bank.cancel("A" * 43))
        assert (await scene.bank.look("A" * 43)).state is SeenState.UNKNOWN


async def test_refund_gives_back_once_for_each_key_and_never_more_than_was_paid(database: Database, conn: Conn) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        _, ref = await scene.started(conn)
        half = Money(Minor(AMOUNT.amount_minor // 2), AMOUNT.currency)
        assert (await scene.bank.refund(ref, half, "early")).refunded_minor == 0, "nothing was paid yet"
        await scene.bank.approve(ref)

        given = [(await scene.bank.refund(ref, half, key)).refunded_minor for key in ("one", "one", "two", "two")]
        assert given == [half.amount_minor] * 2 + [AMOUNT.amount_minor] * 2
        assert (await scene.bank.refund(ref, half, "three")).refunded_minor == AMOUNT.amount_minor
        assert await conn.fetchval(REFUNDS_SQL) == 2


async def test_money_that_the_payer_s_bank_has_is_not_given_back_a_second_time(database: Database, conn: Conn) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        _, ref = await scene.started(conn)
        await scene.bank.approve(ref)
        await scene.bank.dispute(ref)

        assert (await scene.bank.refund(ref, AMOUNT, "one")).refunded_minor == 0
        await scene.bank.dispute(ref, won=True)
        assert (await scene.bank.refund(ref, AMOUNT, "one")).refunded_minor == AMOUNT.amount_minor


async def test_gift_that_is_cancelled_after_it_was_paid_is_paid_back(database: Database, conn: Conn) -> None:
    async with paying_scene(database) as scene:
        paying, ref = await scene.started(conn)
        await scene.press(f"/pay/{ref}", "approve")
        await scene.until_state(conn, paying, PaymentState.PAID)

        await end(conn, paying, now=scene.live.clock())

        await scene.until_state(conn, paying, PaymentState.REFUNDED)
        assert (await scene.bank.look(ref)).refunded_minor == AMOUNT.amount_minor
        assert await gift_card(conn, paying) == ("DEACTIVATED", 0)
        await assert_lawful(conn)


async def test_gift_that_is_cancelled_before_it_is_paid_cannot_be_paid(database: Database, conn: Conn) -> None:
    async with paying_scene(database) as scene:
        paying, ref = await scene.started(conn)

        await end(conn, paying, now=scene.live.clock())

        await scene.until_state(conn, paying, PaymentState.CANCELLED)
        await scene.press(f"/pay/{ref}", "approve")
        assert (await scene.bank.look(ref)).state is SeenState.CANCELLED
        await assert_lawful(conn)


async def test_disputed_payment_blocks_the_card_until_it_is_won(database: Database, conn: Conn) -> None:
    async with paying_scene(database) as scene:
        paying, ref = await scene.started(conn)
        await scene.press(f"/pay/{ref}", "approve")
        await scene.until_state(conn, paying, PaymentState.PAID)

        assert await scene.bank.dispute(ref)
        await until_card(conn, paying, "BLOCKED")
        assert await scene.bank.dispute(ref, won=True)
        await until_card(conn, paying, "ACTIVE")

        assert (await now_is(conn, paying)).disputed_at is None
        await assert_lawful(conn)


async def until_card(conn: Conn, paying: Paying, state: str) -> None:
    async def there() -> bool:
        card = await gift_card(conn, paying)
        return card is not None and card[0] == state

    await until(there)


@pytest.mark.parametrize(
    "spoilt",
    ["body", "signature", "old", "far ahead", "unsigned", "other id"],
    ids=lambda spoilt: str(spoilt).replace(" ", "-"),
)
async def test_message_that_is_not_the_provider_s_changes_nothing(database: Database, conn: Conn, spoilt: str) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        paying, ref = await scene.started(conn)
        payload: dict[str, str | int] = {
            "eventId": "evt_1",
            "ref": ref,
            "state": "PAID",
            "amountMinor": AMOUNT.amount_minor,
            "currency": AMOUNT.currency,
            "refundedMinor": 0,
            "dispute": "",
            "merchantId": str(paying.shop.merchant_id),
            "paymentId": str(paying.payment.payment_id),
        }
        headers, body = scene.bank.message(payload)
        good = dict(headers)
        match spoilt:
            case "body":
                body = body.replace(b"evt_1", b"evt_2")
            case "signature":
                headers |= standard_webhooks.signed(b"x" * 32, body, message_id="evt_1", now=scene.live.clock())
            case "old":
                secret = scene.live.runtime.box.keyed_hash("builtin_payments.webhook")
                then = scene.live.clock() - timedelta(minutes=6)
                headers |= standard_webhooks.signed(secret, body, message_id="evt_1", now=then)
            case "far ahead":
                headers["webhook-timestamp"] = "999999999999"
            case "unsigned":
                headers.pop("webhook-signature")
            case "other id":
                headers["webhook-id"] = "evt_2"
        before = await all_rows(conn)

        refused = await scene.http.post("/payments/builtin/webhook", content=body, headers=headers)

        assert refused.status_code == 400
        assert await all_rows(conn) == before
        # and what is theirs, is taken in, once
        body = body.replace(b"evt_2", b"evt_1")
        for _ in range(3):
            taken = await scene.http.post("/payments/builtin/webhook", content=body, headers=good)
            assert (taken.status_code, taken.json()) == (200, {"said": "Taken in."})
        assert await gift_card(conn, paying) == HELD


async def test_webhook_takes_no_more_than_it_must(database: Database, conn: Conn) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        before = await all_rows(conn)

        large = await scene.http.post("/payments/builtin/webhook", content=b"x" * (256 * 1024 + 1))
        nobody = await scene.http.post("/payments/stripe/webhook", content=b"{}")
        looked = await scene.http.get("/payments/builtin/webhook")

        assert (large.status_code, nobody.status_code, looked.status_code) == (413, 404, 405)
        assert await all_rows(conn) == before


async def test_message_about_what_is_not_ours_is_heard_and_left(database: Database, conn: Conn) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        paying = await scene.make_paying(conn)
        payload: dict[str, str | int] = {
            "eventId": "evt_1",
            "ref": "A" * 43,
            "state": "PAID",
            "amountMinor": 1,
            "currency": "INR",
            "refundedMinor": 0,
            "dispute": "",
            "merchantId": str(paying.shop.merchant_id),
            "paymentId": str(paying.shop.merchant_id),
        }
        headers, body = scene.bank.message(payload)
        assert orjson.loads(body)["metadata"]["paymentId"] == str(paying.shop.merchant_id)

        answer = await scene.http.post("/payments/builtin/webhook", content=body, headers=headers)

        assert (answer.status_code, answer.json()) == (200, {"said": "Not one of ours."})
        assert await state_of(conn, paying) is PaymentState.CREATED


async def test_there_is_no_such_provider_unless_it_is_chosen(database: Database) -> None:
    async with paying_scene(database, with_worker=False, payments="none") as scene:
        assert scene.live.runtime.providers == {}
        assert (await scene.http.get("/pay/" + "A" * 43)).status_code == 404
        assert (await scene.http.post("/payments/builtin/webhook", content=b"{}")).status_code == 404
