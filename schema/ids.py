"""Node ids: what they name, and how they are written.

An id is base64url (RFC 4648 §5, no padding) of one tag byte and big-endian UUIDs: the merchant's, then the thing's own.
Clients treat it as opaque. Text that is no id of ours decodes to None and is answered like an id that names nothing.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

import strawberry

from auth import base64url
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

ID_LENGTH_MAX = 64
SEQ_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class CustomerKey:
    customer_id: CustomerId


@dataclass(frozen=True, slots=True)
class SessionKey:
    session_id: UUID


@dataclass(frozen=True, slots=True)
class AttemptKey:
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class ProgramKey:
    merchant_id: MerchantId
    program_id: ProgramId


@dataclass(frozen=True, slots=True)
class CardKey:
    """The card as its customer sees it."""

    merchant_id: MerchantId
    card_id: CardId


@dataclass(frozen=True, slots=True)
class MemberCardKey:
    """The same card as the counter sees it: another type, so another id."""

    merchant_id: MerchantId
    card_id: CardId


@dataclass(frozen=True, slots=True)
class EntryKey:
    merchant_id: MerchantId
    card_id: CardId
    seq: int


@dataclass(frozen=True, slots=True)
class GiftKey:
    merchant_id: MerchantId
    gift_id: GiftId


@dataclass(frozen=True, slots=True)
class TerminalKey:
    merchant_id: MerchantId
    terminal_id: TerminalId


@dataclass(frozen=True, slots=True)
class VisitKey:
    merchant_id: MerchantId
    visit_id: VisitId


@dataclass(frozen=True, slots=True)
class SaleKey:
    merchant_id: MerchantId
    sale_id: SaleId


@dataclass(frozen=True, slots=True)
class RewardKey:
    merchant_id: MerchantId
    reward_id: RewardId


@dataclass(frozen=True, slots=True)
class VoucherKey:
    merchant_id: MerchantId
    voucher_id: VoucherId


@dataclass(frozen=True, slots=True)
class GiftCardKey:
    """The gift card as its owner sees it."""

    merchant_id: MerchantId
    gift_card_id: GiftCardId


@dataclass(frozen=True, slots=True)
class GiftCardActivityKey:
    merchant_id: MerchantId
    gift_card_id: GiftCardId
    seq: int


@dataclass(frozen=True, slots=True)
class MemberGiftCardKey:
    """The same gift card as the counter sees it: another type, so another id."""

    merchant_id: MerchantId
    gift_card_id: GiftCardId


@dataclass(frozen=True, slots=True)
class GiftDesignKey:
    merchant_id: MerchantId
    design_id: DesignId


@dataclass(frozen=True, slots=True)
class ProgramLogoKey:
    """No node: it is the last part of the picture's address."""

    merchant_id: MerchantId
    logo_id: LogoId


NodeKey = (
    CustomerKey
    | SessionKey
    | AttemptKey
    | ProgramKey
    | CardKey
    | MemberCardKey
    | EntryKey
    | GiftKey
    | TerminalKey
    | VisitKey
    | SaleKey
    | RewardKey
    | VoucherKey
    | GiftCardKey
    | GiftCardActivityKey
    | MemberGiftCardKey
    | GiftDesignKey
    | ProgramLogoKey
)
Key = TypeVar("Key", bound=NodeKey)


def encode(key: NodeKey) -> strawberry.ID:  # noqa: C901 -- one line for each kind of node
    match key:
        # First, because a page has a hundred of them.
        case EntryKey(merchant_id, card_id, seq):
            return entry_id(merchant_id, card_id, seq)
        case CustomerKey(customer_id):
            return _text(b"U", customer_id)
        case SessionKey(session_id):
            return _text(b"S", session_id)
        case AttemptKey(attempt_id):
            return _text(b"A", attempt_id)
        case ProgramKey(merchant_id, program_id):
            return _text(b"P", merchant_id, program_id)
        case CardKey(merchant_id, card_id):
            return _text(b"C", merchant_id, card_id)
        case MemberCardKey(merchant_id, card_id):
            return _text(b"M", merchant_id, card_id)
        case GiftKey(merchant_id, gift_id):
            return _text(b"G", merchant_id, gift_id)
        case TerminalKey(merchant_id, terminal_id):
            return _text(b"T", merchant_id, terminal_id)
        case VisitKey(merchant_id, visit_id):
            return _text(b"V", merchant_id, visit_id)
        case SaleKey(merchant_id, sale_id):
            return _text(b"L", merchant_id, sale_id)
        case RewardKey(merchant_id, reward_id):
            return _text(b"R", merchant_id, reward_id)
        case VoucherKey(merchant_id, voucher_id):
            return _text(b"K", merchant_id, voucher_id)
        case GiftCardKey(merchant_id, gift_card_id):
            return _text(b"B", merchant_id, gift_card_id)
        case GiftCardActivityKey(merchant_id, gift_card_id, seq):
            return strawberry.ID(_text(b"J", merchant_id, gift_card_id) + _number(seq))
        case MemberGiftCardKey(merchant_id, gift_card_id):
            return _text(b"H", merchant_id, gift_card_id)
        case GiftDesignKey(merchant_id, design_id):
            return _text(b"D", merchant_id, design_id)
        case ProgramLogoKey(merchant_id, logo_id):
            return _text(b"O", merchant_id, logo_id)


def entry_id(merchant_id: MerchantId, card_id: CardId, seq: int) -> strawberry.ID:
    """As `encode` of an EntryKey. A page has a hundred of them, which begin alike: 33 bytes are 44 letters."""
    return strawberry.ID(_entries_begin(merchant_id, card_id) + _number(seq))


@lru_cache(maxsize=1024)
def _entries_begin(merchant_id: MerchantId, card_id: CardId) -> str:
    return _text(b"E", merchant_id, card_id)


@lru_cache(maxsize=4096)
def _number(seq: int) -> str:
    return base64url.encode(seq.to_bytes(8, "big"))


def decode(text: str) -> NodeKey | None:  # noqa: C901 -- one line for each kind of node
    """What the id names, or None when it is no id of ours. Never raises."""
    raw = base64url.decode(text) if len(text) <= ID_LENGTH_MAX else None
    if raw is None:
        return None
    match raw[:1], len(raw):
        case b"U", 17:
            return CustomerKey(CustomerId(_uuid(raw, 0)))
        case b"S", 17:
            return SessionKey(_uuid(raw, 0))
        case b"A", 17:
            return AttemptKey(_uuid(raw, 0))
        case b"P", 33:
            return ProgramKey(MerchantId(_uuid(raw, 0)), ProgramId(_uuid(raw, 1)))
        case b"C", 33:
            return CardKey(MerchantId(_uuid(raw, 0)), CardId(_uuid(raw, 1)))
        case b"M", 33:
            return MemberCardKey(MerchantId(_uuid(raw, 0)), CardId(_uuid(raw, 1)))
        case b"E", 41:
            seq = int.from_bytes(raw[33:], "big")
            return EntryKey(MerchantId(_uuid(raw, 0)), CardId(_uuid(raw, 1)), seq) if seq <= SEQ_MAX else None
        case b"G", 33:
            return GiftKey(MerchantId(_uuid(raw, 0)), GiftId(_uuid(raw, 1)))
        case b"T", 33:
            return TerminalKey(MerchantId(_uuid(raw, 0)), TerminalId(_uuid(raw, 1)))
        case b"V", 33:
            return VisitKey(MerchantId(_uuid(raw, 0)), VisitId(_uuid(raw, 1)))
        case b"L", 33:
            return SaleKey(MerchantId(_uuid(raw, 0)), SaleId(_uuid(raw, 1)))
        case b"R", 33:
            return RewardKey(MerchantId(_uuid(raw, 0)), RewardId(_uuid(raw, 1)))
        case b"K", 33:
            return VoucherKey(MerchantId(_uuid(raw, 0)), VoucherId(_uuid(raw, 1)))
        case b"B", 33:
            return GiftCardKey(MerchantId(_uuid(raw, 0)), GiftCardId(_uuid(raw, 1)))
        case b"J", 41:
            seq = int.from_bytes(raw[33:], "big")
            place = MerchantId(_uuid(raw, 0)), GiftCardId(_uuid(raw, 1))
            return GiftCardActivityKey(*place, seq) if seq <= SEQ_MAX else None
        case b"H", 33:
            return MemberGiftCardKey(MerchantId(_uuid(raw, 0)), GiftCardId(_uuid(raw, 1)))
        case b"D", 33:
            return GiftDesignKey(MerchantId(_uuid(raw, 0)), DesignId(_uuid(raw, 1)))
        case b"O", 33:
            return ProgramLogoKey(MerchantId(_uuid(raw, 0)), LogoId(_uuid(raw, 1)))
        case _:
            return None


def expect(kind: type[Key], text: str) -> Key:
    """What the id names, when it names that kind of thing. Raises NotFound otherwise."""
    key = decode(text)
    if not isinstance(key, kind):
        raise NotFound
    return key


def _text(tag: bytes, *uuids: UUID) -> strawberry.ID:
    return strawberry.ID(base64url.encode(tag + b"".join([uuid.bytes for uuid in uuids])))


def _uuid(raw: bytes, position: int) -> UUID:
    start = 1 + 16 * position
    return UUID(bytes=raw[start : start + 16])
