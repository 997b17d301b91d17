"""Every root field of both APIs, the thing that it is asked about, and what everybody must be answered.

An answer is the type of an error, the code of a top-level error, NULL or DATA.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as having
from datetime import timedelta
from typing import Any

from tests.journeys import Member, basket, claim_of, gift_of, new_key
from tests.proofs import documents as say
from tests.proofs.giving import money_of, reward_of
from tests.proofs.sockets import CARD_CHANGED, GIFT_CHANGED
from tests.proofs.tenants import (
    ANONYMOUS,
    EMAIL,
    NEIGHBOUR,
    OTHER_MERCHANT,
    OTHER_STORE,
    OWN_TILL,
    OWNER,
    PHONE,
    RECEIPT,
    REVOKED,
    SIGNED_OUT,
    STRANGER,
    WRONG_API,
    Things,
)

DATA = "data"
NULL = "null"
NOT_FOUND = "NotFound"
UNAUTHENTICATED = "UNAUTHENTICATED"

USUAL = {
    ANONYMOUS: UNAUTHENTICATED,
    WRONG_API: UNAUTHENTICATED,
    SIGNED_OUT: UNAUTHENTICATED,
    REVOKED: UNAUTHENTICATED,
    OWNER: DATA,
    OWN_TILL: DATA,
}
EVERYBODY = (ANONYMOUS, SIGNED_OUT, REVOKED, STRANGER, NEIGHBOUR, OWNER, OTHER_MERCHANT, OTHER_STORE, OWN_TILL)
"""But for those who come with a token of the other API: they are turned away at the door."""


def all_alike(answer: str) -> dict[str, str]:
    return dict.fromkeys(EVERYBODY, answer)


@dataclass(frozen=True, slots=True)
class Row:
    """`others` is what those are answered whose thing it is not; `to` says who is answered something else still."""

    field: str
    about: str
    document: str
    given: Callable[[Things], dict[str, Any]]
    others: str
    to: Mapping[str, str] = having(default_factory=dict)
    writes: frozenset[str] = frozenset()
    """The tables that others change by asking: what is counted, and what is their own."""
    shows: frozenset[str] = frozenset()
    """The secrets that are meant for whoever holds what this is asked with."""

    def answer_to(self, caller: str) -> str:
        return self.to.get(caller, USUAL.get(caller, self.others))


def said(**given: Any) -> Callable[[Things], dict[str, Any]]:
    """What is the same whosever thing it is."""
    return lambda _: {"input": given}


def keyed(given: Callable[[Things], dict[str, Any]]) -> Callable[[Things], dict[str, Any]]:
    """An input with a new idempotency key."""
    return lambda of: {"input": {**given(of), "idempotencyKey": new_key()}}


def sold(customer: Callable[[Things], dict[str, str]]) -> Callable[[Things], dict[str, Any]]:
    return lambda of: {**basket(receipt=RECEIPT), "customer": customer(of)}


def offline(customer: Callable[[Things], dict[str, str]]) -> Callable[[Things], dict[str, Any]]:
    def given(of: Things) -> dict[str, Any]:
        scanned_at = (of.world.scene.now - timedelta(seconds=1)).isoformat()
        sale = {"sale": sold(customer)(of), "scannedAt": scanned_at, "idempotencyKey": new_key()}
        return {"input": {"sales": [sale]}}

    return given


def paid_by_theirs(customer: Callable[[Things], dict[str, str]]) -> Callable[[Things], dict[str, Any]]:
    return lambda of: {**sold(customer)(of), "tenders": [{"giftCard": {"id": of.ids["MemberGiftCard"]}}]}


def paid_by_number(customer: Callable[[Things], dict[str, str]]) -> Callable[[Things], dict[str, Any]]:
    return lambda of: {**sold(customer)(of), "tenders": [{"giftCard": {"number": of.number}}]}


def loading_theirs(customer: Callable[[Things], dict[str, str]]) -> Callable[[Things], dict[str, Any]]:
    def given(of: Things) -> dict[str, Any]:
        line = {"lineId": "1", "kind": "GIFT_CARD_SALE", "amountMinor": 500, "loads": {"number": of.number}}
        return {**sold(customer)(of), "lines": [line]}

    return given


def draft_of(owner: Member) -> dict[str, Any]:
    return {"cardId": owner.card, "valueMinor": 500, "recipientName": "Friend"}


def by_visit(of: Things) -> dict[str, str]:
    return {"visitId": of.visit}


def by_code(of: Things) -> dict[str, str]:
    return {"code": of.code}


def node(kind: str, to: Mapping[str, str]) -> Row:
    return Row("Query.node", kind, say.NODE, lambda of: {"id": of.ids[kind]}, NULL, to)


COUNTERS = frozenset({"rate_limits"})
MEMBERSHIP = frozenset({"card_directory", "cards", "accounts"})
SALES = frozenset({"sales", "sale_lines", "used_codes"})
VALUE = frozenset({"gift_cards", "gift_card_activities", "sale_tenders", "gift_cards_sold"})
LEDGER = frozenset({"cards", "accounts", "entries", "transfers", "lots", "lot_movements"})

UNSEEN = {SIGNED_OUT: NULL, OWNER: NULL, OWN_TILL: NULL}
"""A type that only the other API has."""
ONE_SCAN = {OTHER_STORE: DATA, OWN_TILL: "CodeAlreadyUsed"}
"""A code is good in every store of its merchant, and once."""

CUSTOMERS = [
    Row("Query.viewer", "themselves", say.HOME, lambda _: {}, DATA, {ANONYMOUS: NULL, SIGNED_OUT: NULL}),
    Row(
        "Query.viewer", "gifts and gift cards", say.GIVEN_AND_STORED, lambda _: {}, DATA,
        {ANONYMOUS: NULL, SIGNED_OUT: NULL},
    ),
    Row("Query.program", "a poster", say.PROGRAM, lambda of: {"slug": of.world.shop.slug}, DATA, all_alike(DATA)),
    Row("Query.gift", "an ended link", say.PREVIEW, lambda of: {"token": of.ended_link}, NULL, all_alike(NULL)),
    Row(
        "Query.gift", "a link", say.PREVIEW, lambda of: {"token": of.live_link}, DATA, all_alike(DATA),
        shows=frozenset({"name"}),
    ),
    node("Program", all_alike(DATA)),
    node("GiftDesign", all_alike(DATA)),
    node("Reward", {NEIGHBOUR: DATA}),
    node("Voucher", {}),
    *(node(kind, {SIGNED_OUT: NULL}) for kind in ("Customer", "Card", "PointsEntry")),
    *(node(kind, {}) for kind in ("Session", "Gift", "GiftCard", "GiftCardActivity")),
    *(node(kind, UNSEEN) for kind in ("Terminal", "Visit", "MemberCard", "Sale", "MemberGiftCard")),
    Row(
        "Mutation.requestSignInCode", "their address", say.REQUEST_CODE, said(email=EMAIL), DATA, all_alike(DATA),
        writes=COUNTERS | {"sign_in_attempts", "outbox"},
    ),
    Row(
        "Mutation.signIn", "an attempt", say.SIGN_IN, lambda of: {"input": of.world.attempt}, "SignInCodeRejected",
        all_alike("SignInCodeRejected"), writes=COUNTERS | {"sign_in_attempts"},
    ),
    Row(
        "Mutation.refreshSession", "a till's token", say.REFRESH,
        lambda of: {"input": {"refreshToken": of.world.at.tokens.refresh}}, "SessionEnded", all_alike("SessionEnded"),
    ),
    Row("Mutation.signOut", "their device", say.SIGN_OUT, lambda of: {"id": of.ids["Session"]}, NOT_FOUND),
    Row(
        "Mutation.updateProfile", "themselves", say.UPDATE, said(locale="en-GB"), DATA,
        writes=frozenset({"customers"}),
    ),
    Row(
        "Mutation.setBirthday", "themselves", say.SET_BIRTHDAY, said(month=2, day=29), DATA,
        writes=frozenset({"customers"}),
    ),
    Row(
        "Mutation.confirmEmail", "no link", say.CONFIRM, said(token="A" * 43), "ConfirmationNotUsable",
        all_alike("ConfirmationNotUsable"),
    ),
    Row(
        "Mutation.joinProgram", "a poster", say.JOIN, keyed(lambda of: {"programSlug": of.world.shop.slug}), DATA,
        writes=MEMBERSHIP,
    ),
    Row(
        "Mutation.createCheckInCode", "their card", say.CHECK_IN,
        lambda of: {"input": {"cardId": of.ids["Card"]}}, NOT_FOUND, writes=COUNTERS,
    ),
    Row(
        "Mutation.sendGift", "their card", say.SEND_GIFT, lambda of: {"input": gift_of(of.world.owner, 1)}, NOT_FOUND
    ),
    Row(
        "Mutation.sendGift", "money, from their card", say.SEND_GIFT,
        lambda of: {"input": money_of(of.world.owner, designId=of.ids["GiftDesign"])}, NOT_FOUND,
    ),
    Row(
        "Query.giftDraft", "money, from their card", say.DRAFT, lambda of: {"input": draft_of(of.world.owner)},
        NOT_FOUND,
    ),
    Row(
        "Mutation.sendGift", "their reward, from their card", say.SEND_GIFT,
        lambda of: {"input": reward_of(of.world.owner, of.reward)}, NOT_FOUND,
    ),
    Row(
        "Mutation.cancelGift", "their gift of money", say.CANCEL_GIFT, keyed(lambda of: {"giftId": of.money}), NOT_FOUND
    ),
    Row(
        "Mutation.resendGift", "their gift of money", say.RESEND_GIFT, keyed(lambda of: {"giftId": of.money}), NOT_FOUND
    ),
    Row("Mutation.cancelGift", "their gift", say.CANCEL_GIFT, keyed(lambda of: {"giftId": of.gift}), NOT_FOUND),
    Row("Mutation.resendGift", "their gift", say.RESEND_GIFT, keyed(lambda of: {"giftId": of.gift}), NOT_FOUND),
    Row(
        "Mutation.claimGift", "an ended link", say.CLAIM, keyed(lambda of: {"token": of.ended_link}),
        "GiftNotClaimable", {OWNER: "GiftNotClaimable"},
    ),
    Row(
        "Mutation.rescheduleGift", "their gift", say.RESCHEDULE_GIFT,
        keyed(lambda of: {"giftId": of.gift, "deliverAt": "2020-01-01T00:00:00Z"}), NOT_FOUND, {OWNER: "InvalidInput"},
    ),
    Row(
        "Mutation.thankForGift", "a gift that they sent", say.THANK,
        keyed(lambda of: {"giftId": of.gift, "message": "Thank you!"}), NOT_FOUND, {OWNER: NOT_FOUND},
    ),
    Row(
        "Mutation.declineGift", "an ended link", say.DECLINE, keyed(lambda of: {"token": of.ended_link}),
        "GiftNotClaimable", all_alike("GiftNotClaimable"),
    ),
    Row(
        "Mutation.markGiftViewed", "an ended link", say.MARK_VIEWED, lambda of: {"token": of.ended_link},
        "GiftNotClaimable", all_alike("GiftNotClaimable"),
    ),
    Row(
        "Query.gift", "a link of money", say.PREVIEW, lambda of: {"token": of.link_of_money}, DATA, all_alike(DATA),
        shows=frozenset({"name"}),
    ),
    Row(
        "Mutation.markGiftViewed", "a link of money", say.MARK_VIEWED, lambda of: {"token": of.link_of_money}, DATA,
        all_alike(DATA), writes=frozenset({"gifts", "gift_events"}), shows=frozenset({"name"}),
    ),
    Row(
        "Mutation.claimReward", "their card", say.CLAIM_REWARD,
        lambda of: {"input": claim_of(of.world.owner, of.reward)}, NOT_FOUND,
    ),
    Row(
        "Mutation.cancelVoucher", "their voucher", say.CANCEL_VOUCHER, keyed(lambda of: {"voucherId": of.voucher}),
        NOT_FOUND,
    ),
    Row(
        "Mutation.transferGiftCardBalance", "their gift cards", say.TRANSFER,
        keyed(lambda of: {"fromId": of.ids["GiftCard"], "toId": of.other_gift_card, "amountMinor": 1}), NOT_FOUND,
    ),
    Row("Subscription.cardChanged", "their card", CARD_CHANGED, lambda of: {"id": of.ids["Card"]}, "BAD_USER_INPUT"),
    Row("Subscription.giftChanged", "their gift", GIFT_CHANGED, lambda of: {"id": of.ids["Gift"]}, "BAD_USER_INPUT"),
]  # fmt: skip

TILLS = [
    Row("Query.terminal", "themselves", say.TERMINAL, lambda _: {}, DATA),
    # Everybody's own day, and before the other store has sold anything to the customer.
    Row("Query.today", "their store", say.TODAY, lambda _: {}, DATA),
    Row("Query.sale", "by id", say.SALE_OF, lambda of: {"id": of.sale}, NULL),
    Row("Query.sale", "by receipt", say.SALE_OF, lambda _: {"receipt": RECEIPT}, NULL),
    node("Reward", {OTHER_STORE: DATA}),
    node("Voucher", {}),
    *(node(kind, {}) for kind in ("Terminal", "Visit", "MemberCard", "Sale", "MemberGiftCard")),
    *(node(kind, {OWN_TILL: NULL}) for kind in ("Customer", "Session", "Program", "Card", "PointsEntry", "Gift")),
    *(node(kind, {OWN_TILL: NULL}) for kind in ("GiftCard", "GiftCardActivity", "GiftDesign")),
    Row("Query.node", "MemberCard", say.STORED_AT_THE_TILL, lambda of: {"id": of.ids["MemberCard"]}, NULL),
    Row(
        "Mutation.activateTerminal", "no code", say.ACTIVATE, said(activationCode="BCDF-GHJK", deviceName="Till"),
        "ActivationCodeRejected", all_alike("ActivationCodeRejected"), writes=COUNTERS,
    ),
    Row(
        "Mutation.refreshTerminalSession", "a phone's token", say.REFRESH_TILL,
        lambda of: {"input": {"refreshToken": of.world.owner.person.tokens.refresh}}, "SessionEnded",
        all_alike("SessionEnded"),
    ),
    Row(
        "Mutation.scan", "their code", say.SCAN, lambda of: {"input": by_code(of)}, "CodeInvalid", ONE_SCAN,
        writes=frozenset({"visits", "used_codes"}), shows=frozenset({"name"}),
    ),
    Row(
        "Mutation.scan", "their digits", say.SCAN, lambda of: {"input": {"code": of.digits}}, "CodeInvalid", ONE_SCAN,
        writes=COUNTERS | {"visits", "used_codes"}, shows=frozenset({"name"}),
    ),
    Row("Mutation.quote", "their visit", say.QUOTE, lambda of: {"input": sold(by_visit)(of)}, NOT_FOUND),
    Row(
        "Mutation.quote", "their code", say.QUOTE, lambda of: {"input": sold(by_code)(of)}, "CodeInvalid",
        {OTHER_STORE: DATA},
    ),
    Row("Mutation.checkout", "their visit", say.CHECKOUT, keyed(lambda of: {"sale": sold(by_visit)(of)}), NOT_FOUND),
    Row(
        "Mutation.checkout", "their code", say.CHECKOUT, keyed(lambda of: {"sale": sold(by_code)(of)}), "CodeInvalid",
        ONE_SCAN, writes=SALES | LEDGER, shows=frozenset({"receipt"}),
    ),
    Row(
        "Mutation.quote", "their visit and gift card", say.QUOTE, lambda of: {"input": paid_by_theirs(by_visit)(of)},
        NOT_FOUND, {OWN_TILL: "RedeemCodeNeeded"},
    ),
    Row(
        "Mutation.checkout", "their code and gift card", say.CHECKOUT,
        keyed(lambda of: {"sale": paid_by_theirs(by_code)(of)}), NOT_FOUND,
        {OTHER_STORE: "RedeemCodeNeeded", OWN_TILL: "RedeemCodeNeeded"},
    ),
    Row(
        "Mutation.quote", "the number of their gift card", say.QUOTE,
        lambda of: {"input": paid_by_number(by_visit)(of)}, "GiftCardNotUsable", {OTHER_STORE: NOT_FOUND},
        writes=COUNTERS,
    ),
    Row(
        "Mutation.quote", "loading their gift card", say.QUOTE, lambda of: {"input": loading_theirs(by_visit)(of)},
        "GiftCardNotUsable", {OTHER_STORE: NOT_FOUND}, writes=COUNTERS,
    ),
    Row(
        "Mutation.checkout", "their code and the number of their gift card", say.CHECKOUT,
        keyed(lambda of: {"sale": paid_by_number(by_code)(of)}), "GiftCardNotUsable", ONE_SCAN,
        writes=SALES | LEDGER | VALUE | COUNTERS, shows=frozenset({"receipt"}),
    ),
    Row("Mutation.refund", "their sale", say.REFUND, keyed(lambda of: {"saleId": of.sale}), NOT_FOUND),
    Row(
        "Mutation.settleOffline", "their visit", say.SETTLE, offline(by_visit), NOT_FOUND,
        {OTHER_STORE: "InvalidInput", OWN_TILL: "InvalidInput"},
    ),
    Row(
        "Mutation.settleOffline", "their code", say.SETTLE, offline(by_code), "CodeInvalid",
        {OTHER_STORE: DATA, OWN_TILL: DATA},
        writes=SALES | LEDGER, shows=frozenset({"receipt"}),
    ),
    # Before anybody enrols them: the other merchant must not have made them a member of its own.
    *(
        Row(
            "Mutation.lookUp", f"their {what}", say.LOOK_UP, said(**{what: subject}), NOT_FOUND, {OTHER_STORE: DATA},
            writes=COUNTERS | {"look_ups", "visits"}, shows=frozenset({"name"}),
        )
        for what, subject in (("email", EMAIL), ("phone", PHONE))
    ),
    Row(
        "Mutation.enrol", "their address", say.ENROL, keyed(lambda _: {"email": EMAIL}), DATA,
        writes=MEMBERSHIP | COUNTERS | {"visits", "outbox"}, shows=frozenset({"name"}),
    ),
    Row(
        "Mutation.enrolByPhone", "their number", say.ENROL_BY_PHONE, keyed(lambda _: {"phone": PHONE}), DATA,
        writes=MEMBERSHIP | COUNTERS | {"visits", "outbox"}, shows=frozenset({"name"}),
    ),
    Row("Query.operations", "their visit", say.OPERATIONS, lambda of: {"visitId": of.visit}, NULL),
]  # fmt: skip
