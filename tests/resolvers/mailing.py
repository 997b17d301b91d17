"""What the worker does with a gift's mail, as far as the tests of the API need it."""

from datetime import datetime
from uuid import uuid4

from auth import links
from schema.ids import GiftKey, decode
from tests.resolvers.api import Api
from tests.resolvers.documents import SEND_GIFT
from tests.resolvers.world import Person
from wallet import gifts
from wallet.database import Conn
from wallet.gifts import DeliveryProblem


async def sent_gift(phone: Api, sender: Person, *, points: int = 40) -> str:
    """The id of a gift that the sender sent to Ben just now."""
    answer = await phone.do(
        SEND_GIFT,
        cardId=sender.card,
        points=points,
        recipientName="Ben",
        recipientEmail="ben@example.com",
        message="Have a coffee!",
        idempotencyKey=str(uuid4()),
    )
    assert answer["__typename"] == "GiftSent", answer
    return str(answer["gift"]["id"])


async def mailed_link(conn: Conn, gift_id: str, *, delivery: int = 1, now: datetime) -> str:
    """The token of the link that the worker mailed."""
    key, link = gift_key(gift_id), links.new_link()
    async with conn.transaction():
        mail = await gifts.prepare_delivery(
            conn,
            merchant_id=key.merchant_id,
            gift_id=key.gift_id,
            delivery=delivery,
            link_hash=link.hash,
            now=now,
        )
        assert mail is not None
        await gifts.record_sent(conn, merchant_id=key.merchant_id, gift_id=key.gift_id, delivery=delivery, now=now)
    return link.token


async def bounced(conn: Conn, gift_id: str, problem: DeliveryProblem, *, now: datetime) -> None:
    """The recipient's mail service refused the mail."""
    key = gift_key(gift_id)
    async with conn.transaction():
        await gifts.record_bounced(
            conn, merchant_id=key.merchant_id, gift_id=key.gift_id, delivery=1, problem=problem, now=now
        )


def gift_key(gift_id: str) -> GiftKey:
    key = decode(gift_id)
    assert isinstance(key, GiftKey)
    return key
