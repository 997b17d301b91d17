"""The mails about enrolments: how many one mailbox gets, whoever enrols it how often."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from auth import confirmations, emails
from auth.secrets import SecretBox
from infra.pool import Pool
from tests.auth.racing import race
from tests.factories import Shop, make_card, make_customer, make_shop
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.values import CardId, CustomerId

DAY = timedelta(days=1)
ADDRESS = "Anu@example.com"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A card that a shop has made for the customer."""

    shop: Shop
    customer_id: CustomerId
    card_id: CardId


@pytest.fixture
async def enrolments(conn: Conn, now: datetime) -> list[Enrolment]:
    """One customer's cards of eight merchants."""
    customer_id = await make_customer(conn, email=ADDRESS, now=now)
    shops = [await make_shop(conn, now=now) for _ in range(8)]
    return [Enrolment(shop, customer_id, await make_card(conn, shop, customer_id, now=now)) for shop in shops]


async def mail(conn: Conn, box: SecretBox, enrolment: Enrolment, now: datetime, *, to: str = ADDRESS) -> bool:
    async with conn.transaction():
        return await confirmations.mail(
            conn,
            box=box,
            email=emails.normalise(to, field="email"),
            customer_id=enrolment.customer_id,
            merchant_id=enrolment.shop.merchant_id,
            card_id=enrolment.card_id,
            now=now,
        )


async def mailed(conn: Conn) -> int:
    return int(await conn.fetchval("SELECT COUNT(*) FROM outbox WHERE topic = 'mail.enrolment'"))


async def test_a_mail_tells_of_the_card_by_its_ids_alone(
    conn: Conn, box: SecretBox, enrolments: list[Enrolment], now: datetime
) -> None:
    assert await mail(conn, box, enrolments[0], now) is True
    [job] = await conn.fetch("SELECT topic, payload, run_at FROM outbox")
    assert (job["topic"], job["run_at"]) == ("mail.enrolment", now)
    assert job["payload"] == {
        "customerId": str(enrolments[0].customer_id),
        "merchantId": str(enrolments[0].shop.merchant_id),
        "cardId": str(enrolments[0].card_id),
    }


async def test_one_merchant_mails_an_address_once_a_day_however_it_is_spelt(
    conn: Conn, box: SecretBox, enrolments: list[Enrolment], now: datetime
) -> None:
    # given a mail
    assert await mail(conn, box, enrolments[0], now)
    # when the same merchant would mail again within a day
    for later, to in ((timedelta(0), ADDRESS), (timedelta(hours=5), "ANU@EXAMPLE.COM"), (DAY * 0.999, ADDRESS)):
        assert await mail(conn, box, enrolments[0], now + later, to=to) is False
    # then nothing leaves until the day is over; other addresses and other merchants are their own affair
    assert await mailed(conn) == 1
    assert await mail(conn, box, enrolments[0], now, to="ben@example.com")
    assert await mail(conn, box, enrolments[1], now)
    assert await mail(conn, box, enrolments[0], now + DAY)
    assert await mailed(conn) == 4


async def test_all_merchants_together_mail_an_address_five_times_a_day(
    conn: Conn, box: SecretBox, enrolments: list[Enrolment], now: datetime
) -> None:
    sent = [await mail(conn, box, enrolment, now + timedelta(hours=n)) for n, enrolment in enumerate(enrolments)]
    assert sent == [True] * 5 + [False] * 3
    assert await mailed(conn) == 5
    # and whoever was kept from it may do so as soon as the address has room again
    assert await mail(conn, box, enrolments[7], now + DAY - timedelta(microseconds=1)) is False
    assert await mail(conn, box, enrolments[7], now + DAY) is True


async def test_what_one_merchant_does_not_mail_leaves_room_for_others(
    conn: Conn, box: SecretBox, enrolments: list[Enrolment], now: datetime
) -> None:
    # given a merchant that would mail a hundred times
    sent = [await mail(conn, box, enrolments[0], now) for _ in range(100)]
    assert sum(sent) == 1
    # then four others can
    assert [await mail(conn, box, enrolment, now) for enrolment in enrolments[1:6]] == [True] * 4 + [False]


async def test_the_address_itself_is_not_kept_with_the_counters(
    conn: Conn, box: SecretBox, enrolments: list[Enrolment], now: datetime
) -> None:
    await mail(conn, box, enrolments[0], now)
    rows = await conn.fetch("SELECT scope, subject FROM rate_limits ORDER BY scope")
    key, merchant = b"anu@example.com", enrolments[0].shop.merchant_id.bytes
    assert [(row["scope"], row["subject"]) for row in rows] == [
        ("enrolment_mail.address", box.keyed_hash("rate_limit", key)),
        ("enrolment_mail.merchant", box.keyed_hash("rate_limit", key, merchant)),
    ]


async def test_a_mail_that_is_rolled_back_was_not_counted(
    conn: Conn, box: SecretBox, enrolments: list[Enrolment], now: datetime
) -> None:
    async def refused_after_all() -> None:
        async with conn.transaction():
            assert await mail(conn, box, enrolments[0], now)
            raise NotFound

    with pytest.raises(NotFound):
        await refused_after_all()
    assert await mailed(conn) == 0
    assert await mail(conn, box, enrolments[0], now)


async def test_racers_of_one_merchant_mail_once(
    pool: Pool, conn: Conn, box: SecretBox, enrolments: list[Enrolment], now: datetime
) -> None:
    outcomes = await race(pool, 12, lambda one: mail(one, box, enrolments[0], now))
    assert outcomes.count(True) == 1
    assert outcomes.count(False) == 11
    assert await mailed(conn) == 1


async def test_racers_of_many_merchants_mail_five_times(
    pool: Pool, conn: Conn, box: SecretBox, enrolments: list[Enrolment], now: datetime
) -> None:
    # given two racers of each of eight merchants
    waiting = [*enrolments, *enrolments]
    # when they all would mail at once
    outcomes = await race(pool, len(waiting), lambda one: mail(one, box, waiting.pop(), now))
    # then five do, each of another merchant
    assert outcomes.count(True) == 5
    assert outcomes.count(False) == 11
    merchants = await conn.fetch("SELECT DISTINCT payload ->> 'merchantId' FROM outbox")
    assert (await mailed(conn), len(merchants)) == (5, 5)
