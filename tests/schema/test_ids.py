from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth import base64url
from schema.ids import (
    SEQ_MAX,
    AttemptKey,
    CardKey,
    CustomerKey,
    EntryKey,
    GiftCardActivityKey,
    GiftCardKey,
    GiftDesignKey,
    GiftKey,
    MemberCardKey,
    MemberGiftCardKey,
    NodeKey,
    ProgramKey,
    ProgramLogoKey,
    RewardKey,
    SaleKey,
    SessionKey,
    TerminalKey,
    VisitKey,
    VoucherKey,
    decode,
    encode,
    expect,
)
from wallet.errors import NotFound
from wallet.values import (
    CardId,
    CustomerId,
    DesignId,
    GiftCardId,
    GiftId,
    LogoId,
    MerchantId,
    ProgramId,
    RewardId,
    SaleId,
    TerminalId,
    VisitId,
    VoucherId,
)

M, X = UUID(int=1), UUID(int=2**128 - 1)

KEYS: list[NodeKey] = [
    CustomerKey(CustomerId(X)),
    SessionKey(X),
    AttemptKey(X),
    ProgramKey(MerchantId(M), ProgramId(X)),
    CardKey(MerchantId(M), CardId(X)),
    MemberCardKey(MerchantId(M), CardId(X)),
    EntryKey(MerchantId(M), CardId(X), 1),
    EntryKey(MerchantId(M), CardId(X), SEQ_MAX),
    GiftKey(MerchantId(M), GiftId(X)),
    TerminalKey(MerchantId(M), TerminalId(X)),
    VisitKey(MerchantId(M), VisitId(X)),
    SaleKey(MerchantId(M), SaleId(X)),
    RewardKey(MerchantId(M), RewardId(X)),
    VoucherKey(MerchantId(M), VoucherId(X)),
    GiftCardKey(MerchantId(M), GiftCardId(X)),
    GiftCardActivityKey(MerchantId(M), GiftCardId(X), 1),
    GiftCardActivityKey(MerchantId(M), GiftCardId(X), SEQ_MAX),
    MemberGiftCardKey(MerchantId(M), GiftCardId(X)),
    GiftDesignKey(MerchantId(M), DesignId(X)),
    ProgramLogoKey(MerchantId(M), LogoId(X)),
]


def test_there_is_a_key_of_every_kind() -> None:
    assert {type(key) for key in KEYS} == set(NodeKey.__args__)


@pytest.mark.parametrize("key", KEYS)
def test_an_id_decodes_to_what_it_names(key: NodeKey) -> None:
    assert decode(encode(key)) == key
    assert expect(type(key), encode(key)) == key


def test_two_things_never_have_one_id() -> None:
    assert len({encode(key) for key in KEYS}) == len(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_an_id_of_another_kind_is_not_found(key: NodeKey) -> None:
    for other in KEYS:
        if type(other) is not type(key):
            with pytest.raises(NotFound):
                expect(type(other), encode(key))


def test_an_id_has_one_spelling() -> None:
    node_id = encode(CardKey(MerchantId(M), CardId(X)))
    for other in (
        f"{node_id}=",
        f" {node_id}",
        node_id.swapcase(),
        node_id[:-1],
        f"{node_id}A",
        node_id.replace("_", "/"),
    ):
        assert decode(other) is None


def test_a_seq_that_no_entry_can_have_names_nothing() -> None:
    assert decode(base64url.encode(b"E" + M.bytes + X.bytes + b"\xff" * 8)) is None


@given(
    st.one_of(st.text(), st.binary().map(base64url.encode), st.binary(min_size=16, max_size=45).map(base64url.encode))
)
def test_no_text_makes_decoding_fail(text: str) -> None:
    key = decode(text)
    assert key is None or encode(key) == text
