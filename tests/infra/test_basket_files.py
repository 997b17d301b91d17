"""Baskets in files, which a preview reads."""

import json
from pathlib import Path

import pytest

from infra.cli.basket_files import basket_in
from infra.settings import SettingsError
from wallet.baskets import Basket, Line
from wallet.values import LineKind, Minor


def read(folder: Path, said: object) -> Basket:
    file = folder / "basket.json"
    file.write_text(said if isinstance(said, str) else json.dumps(said))
    return basket_in(file, currency="INR")


def test_a_line_needs_its_amount_alone(tmp_path: Path) -> None:
    assert read(tmp_path, {"lines": [{"amountMinor": 900}, {"amountMinor": 0, "kind": "TIP"}]}) == Basket(
        "preview", "INR", (Line("1", Minor(900)), Line("2", Minor(0), LineKind.TIP))
    )


def test_all_that_a_till_says_is_read(tmp_path: Path) -> None:
    line = {"lineId": "a", "amountMinor": 900, "sku": "C-1", "category": "coffee", "description": "Flat white"}
    found = read(tmp_path, {"receiptNumber": "R-7", "currency": "EUR", "lines": [{**line, "quantity": 3}]})
    assert found == Basket("R-7", "EUR", (Line("a", Minor(900), LineKind.ITEM, "C-1", "coffee", "Flat white", 3),))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ([], "the basket: An object is needed."),
        ({"lines": {}}, "lines: A list of lines is needed."),
        ({"lines": [], "total": 1}, "the basket: total is none of currency, lines, receiptNumber."),
        ({"lines": [7]}, "lines[0]: An object is needed."),
        ({"lines": [{}]}, "lines[0].amountMinor: A whole number is needed."),
        ({"lines": [{"amountMinor": "9"}]}, "lines[0].amountMinor: A whole number is needed."),
        ({"lines": [{"amountMinor": 1.5}]}, "lines[0].amountMinor: A whole number is needed."),
        ({"lines": [{"amountMinor": True}]}, "lines[0].amountMinor: A whole number is needed."),
        ({"lines": [{"amountMinor": 9, "quantity": None}]}, "lines[0].quantity: A whole number is needed."),
        ({"lines": [{"amountMinor": 9, "sku": 4}]}, "lines[0].sku: A text is needed."),
        (
            {"lines": [{"amountMinor": 9, "kind": "BREAD"}]},
            "lines[0].kind: One of ITEM, SHIPPING, FEE, TIP, DEPOSIT, GIFT_CARD_SALE is needed.",
        ),
    ],
)
def test_a_mistake_is_one_sentence_at_its_place(tmp_path: Path, said: object, sentence: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read(tmp_path, said)
    assert str(refusal.value) == sentence


def test_a_file_that_is_not_there_or_no_json_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        basket_in(tmp_path / "nowhere.json", currency="INR")
    with pytest.raises(SettingsError, match="is not JSON"):
        read(tmp_path, "{")
