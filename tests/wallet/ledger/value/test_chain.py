"""The format of docs/LEDGER.md, "Money value", told by its example."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from wallet.ledger.chain import follow
from wallet.ledger.value.chain import Link, canonical, start

LEDGER_MD = Path(__file__).parents[4] / "docs" / "LEDGER.md"
MERCHANT = UUID("01900000-0000-7000-8000-000000000001")
GIFT_CARD = UUID("01900000-0000-7000-8000-000000000005")

EXAMPLE = Link(
    seq=2,
    kind="REDEEM",
    amount_minor=-25_000,
    balance_after_minor=75_000,
    occurred_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    posted_at=datetime(2026, 11, 22, 9, 30, 0, 250_000, tzinfo=UTC),
    other_gift_card_id=None,
    other_seq=None,
    reverses_seq=None,
    sale_id=UUID("01900000-0000-7000-8000-000000000004"),
    refund_id=None,
    gift_id=None,
    payment_id=None,
    store_id=UUID("01900000-0000-7000-8000-000000000003"),
    operator_id=None,
    reason=None,
)
FIRST_TEXT = "1|ACTIVATE|100000|100000|1795339800000000|1795339800000000||||||||||"
EXAMPLE_TEXT = (
    "2|REDEEM|-25000|75000|1795339800000000|1795339800250000||||01900000-0000-7000-8000-000000000004||||"
    "01900000-0000-7000-8000-000000000003||"
)


def test_the_example_of_the_documentation() -> None:
    # given
    beginning = start(merchant_id=MERCHANT, gift_card_id=GIFT_CARD)
    first = follow(beginning, FIRST_TEXT)
    # when
    text = canonical(EXAMPLE)
    # then
    assert text == EXAMPLE_TEXT
    said = LEDGER_MD.read_text()
    for part in (beginning.hex(), FIRST_TEXT, first.hex(), text, follow(first, text).hex()):
        assert part in said


def test_a_reason_may_hold_what_separates() -> None:
    fields = {name: getattr(EXAMPLE, name) for name in Link.__slots__}

    assert canonical(Link(**{**fields, "reason": "a|b"})).split("|", 15)[15] == "a|b"


def test_no_two_cards_begin_alike() -> None:
    starts = {
        start(merchant_id=merchant_id, gift_card_id=gift_card_id)
        for merchant_id in (MERCHANT, GIFT_CARD)
        for gift_card_id in (MERCHANT, GIFT_CARD)
    }
    assert len(starts) == 4
