"""What is no file of gift cards is said to be none; what is one is read as a till will read the numbers."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from auth import gift_cards
from auth.secrets import SecretBox
from infra.cli.gift_card_files import cards_in
from infra.settings import SettingsError
from wallet.value import Brought
from wallet.values import MerchantId

HEAD = "number,pin,balance_minor,expires\n"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SHOP = MerchantId(UUID(int=1))
BOX = SecretBox(bytes(32))
COLUMNS_SAID = "The first line must be number,pin,balance_minor,expires; pin may be left out."


def read(file: Path) -> tuple[Brought, ...]:
    return cards_in(file, box=BOX, merchant_id=SHOP, zone=ZoneInfo("Asia/Kolkata"), now=NOW)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"number,balance\n1,2\n", COLUMNS_SAID),
        (b"", COLUMNS_SAID),
        (HEAD.encode(), "has no gift cards."),
        (HEAD.encode() + b"12345678,,100\n", "Line 2 has not as many fields as the first one."),
        (HEAD.encode() + b"12345678,,100,,\n", "Line 2 has not as many fields as the first one."),
        (HEAD.encode() + b"\xff,,1,\n", "is no CSV in UTF-8"),
        (HEAD.encode() + b'"12345678,,1,\n', "is no CSV in UTF-8"),
    ],
)
def test_a_file_that_is_none_is_said_to_be_none(tmp_path: Path, text: bytes, said: str) -> None:
    file = tmp_path / "cards.csv"
    file.write_bytes(text)

    with pytest.raises(SettingsError) as refused:
        read(file)

    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read: No such file or directory\."):
        read(tmp_path / "none.csv")


def test_the_columns_come_in_any_order_and_the_pin_may_be_missing(tmp_path: Path) -> None:
    file = tmp_path / "cards.csv"
    file.write_text('expires,balance_minor,number\n2026-11-22,"100","1234-5678"\n')

    [card] = read(file)

    # good to the end of the day at the merchant's
    assert (card.place, card.balance_minor, card.minted.last4) == ("line 2", 100, "5678")
    assert card.expires_at == datetime(2026, 11, 22, 18, 30, tzinfo=UTC)


def test_a_number_and_a_pin_are_kept_as_a_till_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "cards.csv"
    file.write_text(HEAD + "1234 5678,4711,100,\n")
    typed = gift_cards.read("12345678/4711")

    [card] = read(file)

    assert typed is not None
    assert typed.pin is not None
    assert card.minted.number_hash == gift_cards.number_hash(BOX, merchant_id=SHOP, number=typed.number)
    assert card.minted.pin_hash == gift_cards.pin_hash(BOX, merchant_id=SHOP, number=typed.number, pin=typed.pin)
