from uuid import UUID

import pytest

from auth import operator_pins
from auth.secrets import SecretBox
from wallet.errors import InvalidInput
from wallet.values import MerchantId

BOX = SecretBox(bytes(range(32)))
SHOP, OTHER = MerchantId(UUID(int=1)), MerchantId(UUID(int=2))


@pytest.mark.parametrize("pin", ["0000", "12345", "87654321"])
def test_four_to_eight_digits_are_a_pin(pin: str) -> None:
    operator_pins.check(pin)


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "12 34", "-1234", "１２３４", "१२३४", "1234\n"])
def test_anything_else_is_none(pin: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        operator_pins.check(pin)
    assert [(problem.field, problem.phrase.code) for problem in refusal.value.problems] == [("pin", "pin_form")]


def test_a_pin_has_one_hash_with_each_merchant_and_each_key() -> None:
    # given
    hashes = {
        operator_pins.hash_of(box, merchant_id=merchant_id, pin=pin)
        for box in (BOX, SecretBox(bytes(32)))
        for merchant_id in (SHOP, OTHER)
        for pin in ("1234", "12345", "01234")
    }
    # then
    assert len(hashes) == 12
    assert {len(pin_hash) for pin_hash in hashes} == {32}


@pytest.mark.parametrize("typed", ["", "12", "not a pin", "9" * 5_000, "१२३४"])
def test_what_is_no_pin_is_hashed_all_the_same(typed: str) -> None:
    assert len(operator_pins.hash_of(BOX, merchant_id=SHOP, pin=typed)) == 32


def test_blanks_around_a_typed_pin_do_not_count() -> None:
    typed = operator_pins.hash_of(BOX, merchant_id=SHOP, pin=" 1234 ")
    assert typed == operator_pins.hash_of(BOX, merchant_id=SHOP, pin="1234")
