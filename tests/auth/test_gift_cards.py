from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from auth import gift_cards
from auth.gift_cards import Presented, TypedGiftCard
from auth.secrets import SecretBox
from infra.pool import Pool
from tests.auth.racing import race
from tests.factories import Shop, make_shop
from wallet import damm
from wallet.database import Conn
from wallet.errors import GiftCardNotUsable, InvalidInput, NotFound, TooManyAttempts
from wallet.ledger import value
from wallet.values import GiftCardId, MerchantId, MintedGiftCard, Phrase

BOX = SecretBox(bytes(range(32)))
SHOP, OTHER = MerchantId(UUID(int=1)), MerchantId(UUID(int=2))
TILL = uuid4().bytes


def test_a_number_has_sixteen_digits_that_no_payment_card_has() -> None:
    minted = [gift_cards.mint(BOX, merchant_id=SHOP) for _ in range(200)]

    for each in minted:
        assert len(each.number) == 16
        assert each.number.isdigit()
        assert each.number[0] == "9"
        assert damm.is_valid(each.number)
        assert (len(each.pin), each.pin.isdigit(), each.last4) == (6, True, each.number[-4:])
    assert len({each.number for each in minted}) == 200
    assert len({each.pin for each in minted}) > 190


def test_a_number_and_a_pin_never_show_themselves() -> None:
    minted = gift_cards.mint(BOX, merchant_id=SHOP)
    typed = gift_cards.read(minted.number + minted.pin)

    assert repr(minted) == "MintedGiftCard()"
    assert repr(typed) == "TypedGiftCard()"


def test_what_is_kept_is_of_one_merchant_one_key_and_one_number() -> None:
    def kept(box: SecretBox, merchant_id: MerchantId, number: str) -> tuple[bytes, bytes]:
        minted = gift_cards.brought(box, merchant_id=merchant_id, number=number, pin="123456")
        return minted.number_hash, minted.pin_hash

    first = kept(BOX, SHOP, "12345678")
    others = [kept(BOX, OTHER, "12345678"), kept(SecretBox(bytes(32)), SHOP, "12345678"), kept(BOX, SHOP, "12345679")]

    assert kept(BOX, SHOP, " 1234-5678 ") == first
    assert len({first[0], *(number for number, _ in others)}) == 4
    assert len({first[1], *(pin for _, pin in others)}) == 4


OURS = "9000000000000010"
"""A number of ours has a check digit; see below."""


@pytest.mark.parametrize(
    ("typed", "number", "pin"),
    [
        ("{n}", True, None),
        ("  {n} ", True, None),
        ("{g}", True, None),
        ("{n}123456", True, "123456"),
        ("{g} 123 456", True, "123456"),
        ("{n}/123456", True, "123456"),
        ("{g} # 1234", True, "1234"),
        ("{e}", True, None),
        ("\u202a{n}\u202c", True, None),
        ("{n}12345", False, None),
        ("{n}/12", False, None),
        ("{n}x", False, None),
        ("", False, None),
        ("1234567", False, None),
        ("1" * 61, False, None),
        ("+{n}", False, None),
        ("²{n}", False, None),
        ("{n}12345²", False, None),
        ("²{n}12345", False, None),
    ],
)
def test_what_people_type_is_read(typed: str, number: bool, pin: str | None) -> None:
    # given
    ours = OURS[:-1] + str(damm.check_digit(OURS[:-1]))
    groups = " ".join(ours[at : at + 4] for at in range(0, 16, 4))
    eastern = ours.translate({ord("0") + digit: 0x0966 + digit for digit in range(10)})
    # when
    read = gift_cards.read(typed.format(n=ours, g=groups, e=eastern))
    # then
    assert read == (TypedGiftCard(ours, pin) if number else None)


@pytest.mark.parametrize("digits", ["12345678", "6006491234567890123"])
def test_a_number_of_another_system_is_read_as_it_is(digits: str) -> None:
    assert gift_cards.read(digits) == TypedGiftCard(digits)
    assert gift_cards.read(f"{digits}/4711") == TypedGiftCard(digits, "4711")


@pytest.mark.parametrize(
    ("number", "pin", "fields"),
    [
        ("1234567", None, ["number"]),
        ("12345678901234567890", None, ["number"]),
        ("abcdefgh", "12", ["number", "pin"]),
        ("12345678", "123456789", ["pin"]),
        ("12345678", "", ["pin"]),
    ],
)
def test_what_is_no_number_is_not_brought(number: str, pin: str | None, fields: list[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        gift_cards.brought(BOX, merchant_id=SHOP, number=number, pin=pin)
    assert [problem.field for problem in refused.value.problems] == fields


async def make_card(conn: Conn, shop: Shop, box: SecretBox, now: datetime) -> tuple[GiftCardId, MintedGiftCard]:
    async with conn.transaction():
        opened = await value.open(
            conn,
            merchant_id=shop.merchant_id,
            program_id=shop.program_id,
            mint=gift_cards.minter(box, merchant_id=shop.merchant_id),
            now=now,
        )
    return opened.card.gift_card_id, opened.minted


async def present(
    conn: Conn, shop: Shop, number: str, pin: str | None, now: datetime, *, caller: bytes = TILL
) -> Presented:
    typed = TypedGiftCard(number, pin)
    async with gift_cards.counted(conn, box=BOX, merchant_id=shop.merchant_id, caller=caller, typed=typed, now=now):
        return await gift_cards.find(conn, box=BOX, merchant_id=shop.merchant_id, typed=typed)


async def refused(conn: Conn, shop: Shop, number: str, pin: str | None, now: datetime, *, caller: bytes = TILL) -> str:
    """How it was refused; empty if it was not."""
    try:
        await present(conn, shop, number, pin, now, caller=caller)
    except GiftCardNotUsable as refusal:
        return refusal.phrase.code if refusal.gift_card_id is None else "a card is named"
    except TooManyAttempts as refusal:
        return f"until {refusal.retry_at - now}"
    return ""


async def test_a_card_is_found_by_its_number_at_its_own_merchant_alone(conn: Conn, now: datetime) -> None:
    # given
    shop, other = await make_shop(conn, now=now), await make_shop(conn, now=now)
    gift_card_id, minted = await make_card(conn, shop, BOX, now)
    # then
    assert await present(conn, shop, minted.number, None, now) == Presented(gift_card_id, with_pin=False)
    assert await present(conn, shop, minted.number, minted.pin, now) == Presented(gift_card_id, with_pin=True)
    assert await refused(conn, other, minted.number, minted.pin, now) == "gift_card_unknown"


async def test_an_unknown_number_and_a_wrong_pin_are_answered_alike(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    _, minted = await make_card(conn, shop, BOX, now)
    wrong = "000000" if minted.pin != "000000" else "111111"

    answers = {
        await refused(conn, shop, minted.number, wrong, now),
        await refused(conn, shop, minted.number, "", now),
        await refused(conn, shop, "9" * 16, minted.pin, now),
        await refused(conn, shop, "9" * 16, None, now),
    }

    assert answers == {"gift_card_unknown"}


async def test_a_card_that_came_without_a_pin_has_none_that_can_be_typed(conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    brought = gift_cards.brought(BOX, merchant_id=shop.merchant_id, number="12345678", pin=None)
    async with conn.transaction():
        await value.open(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, mint=lambda: brought, now=now)
    # then
    assert (await present(conn, shop, "12345678", None, now)).with_pin is False
    for pin in ("", "0000", "123456"):
        assert await refused(conn, shop, "12345678", pin, now) == "gift_card_unknown"


async def test_five_wrong_pins_an_hour_close_a_number_to_everybody(conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    _, minted = await make_card(conn, shop, BOX, now)
    wrong = "000000" if minted.pin != "000000" else "111111"
    # when every try comes from another till
    answers = [await refused(conn, shop, minted.number, wrong, now, caller=uuid4().bytes) for _ in range(6)]
    # then
    assert answers == ["gift_card_unknown"] * 5 + ["until 1:00:00"]
    assert await refused(conn, shop, minted.number, minted.pin, now, caller=uuid4().bytes) == "until 1:00:00"
    later = now + timedelta(hours=1)
    assert await refused(conn, shop, minted.number, minted.pin, later, caller=uuid4().bytes) == ""


async def test_ten_wrong_numbers_close_a_till_and_no_other(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    _, minted = await make_card(conn, shop, BOX, now)

    answers = [await refused(conn, shop, f"9{number:015d}", None, now) for number in range(11)]

    assert answers == ["gift_card_unknown"] * 10 + ["until 0:10:00"]
    assert await refused(conn, shop, minted.number, None, now) == "until 0:10:00"
    assert await refused(conn, shop, minted.number, None, now, caller=uuid4().bytes) == ""


async def test_what_proves_right_is_not_counted(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    gift_card_id, minted = await make_card(conn, shop, BOX, now)

    async def pay(refusal: Exception | None) -> None:
        typed = TypedGiftCard(minted.number)
        async with gift_cards.counted(conn, box=BOX, merchant_id=shop.merchant_id, caller=TILL, typed=typed, now=now):
            if refusal is not None:
                raise refusal

    for _ in range(12):
        await pay(None)
        for refusal in (NotFound(), GiftCardNotUsable(Phrase("gift_card_blocked"), gift_card_id)):
            with pytest.raises(type(refusal)):
                await pay(refusal)
    assert await conn.fetchval("SELECT SUM(hits) FROM rate_limits") == 0


async def test_many_at_once_have_no_more_tries(pool: Pool, conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    _, minted = await make_card(conn, shop, BOX, now)
    wrong = "000000" if minted.pin != "000000" else "111111"

    # when
    async def guess(one: Conn) -> str:
        return await refused(one, shop, minted.number, wrong, now, caller=uuid4().bytes)

    answers = await race(pool, 12, guess)
    # then
    assert answers.count("gift_card_unknown") == 5
    assert answers.count("until 1:00:00") == 7
