"""What to try in the demo, in order: the whole main job, by hand."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

CUSTOMER = "/graphql"
TILL = "/pos/graphql"

FILL = "…{}…"
"""Stands in the variables for what an earlier answer told, by its name in `learns`, or for `uuid`: a new one."""

Json = str | int | Mapping[str, "Json"] | Sequence["Json"]


@dataclass(frozen=True, slots=True)
class Step:
    """One operation. `learns` maps names to the paths in its answer where later steps find what they need."""

    name: str
    title: str
    words: str
    endpoint: str
    variables: Mapping[str, Json]
    learns: Mapping[str, str]

    @property
    def who(self) -> str:
        return "till" if self.endpoint == TILL else "customer"

    @property
    def document(self) -> str:
        return (files("web.static.documents.demo") / f"{self.name}.graphql").read_text(encoding="utf-8")

    @property
    def variables_json(self) -> str:
        return json.dumps(self.variables, indent=2, ensure_ascii=False) if self.variables else ""


def known(name: str) -> str:
    return FILL.format(name)


def steps(*, email: str, refused_email: str, program_slug: str, currency: str) -> tuple[Step, ...]:
    """The steps, for this customer of this program. No mail arrives at `refused_email`."""
    return (
        *_customer_signs_in(email, program_slug),
        *_till_records_a_sale(currency),
        *_customer_looks_and_gives(),
        *_customer_mends_a_gift(refused_email),
        _till_takes_it_back(),
    )


def _customer_signs_in(email: str, program_slug: str) -> Sequence[Step]:
    return (
        Step(
            "requestSignInCode",
            "Ask for a sign-in code",
            "A customer signs in with a code that is mailed. Any address will do: the demo catches all mail.",
            CUSTOMER,
            {"input": {"email": email, "locale": "en"}},
            {"attemptId": "requestSignInCode.attemptId"},
        ),
        Step(
            "signIn",
            "Sign in",
            "Put the six digits from the mailbox in place of 000000.",
            CUSTOMER,
            {"input": {"attemptId": known("attemptId"), "code": "000000", "deviceName": "Demo"}},
            {"customerToken": "signIn.tokens.accessToken"},
        ),
        Step(
            "joinProgram",
            "Get a card",
            "Whoever has one already gets the same card. The rules of the program stand in its terms.",
            CUSTOMER,
            {"input": {"programSlug": program_slug, "idempotencyKey": known("uuid")}},
            {"cardId": "joinProgram.card.id"},
        ),
        Step(
            "createCheckInCode",
            "Show the QR code",
            "The code is good for ninety seconds, once. Scan it below with the till.",
            CUSTOMER,
            {"input": {"cardId": known("cardId"), "purpose": "EARN"}},
            {"checkInToken": "createCheckInCode.token", "qrSvg": "createCheckInCode.qrSvg"},
        ),
    )


def _till_records_a_sale(currency: str) -> Sequence[Step]:
    line: Mapping[str, Json] = {"lineId": "1", "description": "Filter coffee", "quantity": 2, "amountMinor": 36000}
    sale: Mapping[str, Json] = {
        "customer": {"visitId": known("visitId")},
        "receiptNumber": "D-1001",
        "currency": currency,
        "lines": [line],
    }
    return (
        Step(
            "activateTerminal",
            "Make this window a till",
            "An activation code works once and for fifteen minutes. A fresh one stands in /demo.json.",
            TILL,
            {"input": {"activationCode": known("activationCode"), "deviceName": "Demo till"}},
            {"tillToken": "activateTerminal.tokens.accessToken"},
        ),
        Step(
            "scan",
            "Scan the code",
            "The digits are what a scanner reads from the QR code. A second scan is refused.",
            TILL,
            {"input": {"code": known("checkInToken")}},
            {"visitId": "scan.id"},
        ),
        Step(
            "checkout",
            "Record a sale",
            "Amounts are in the smallest unit of the currency. Run it twice: the same key gives the same sale.",
            TILL,
            {"input": {"sale": sale, "idempotencyKey": known("uuid")}},
            {"saleId": "checkout.sale.id"},
        ),
    )


def _customer_looks_and_gives() -> Sequence[Step]:
    gift: Mapping[str, Json] = {
        "cardId": known("cardId"),
        "points": 20,
        "recipientName": "Latha",
        "recipientEmail": "latha@example.com",
        "message": "Thank you for the mangoes!",
        "idempotencyKey": known("uuid"),
    }
    return (
        Step(
            "history",
            "See the points arrive",
            "Every line says why. What expires, and when, stands beside the balance.",
            CUSTOMER,
            {},
            {"cardId": "viewer.cards.0.id"},
        ),
        Step(
            "sendGift",
            "Send a gift",
            "The points leave the card at once and wait. The mail with the link is in the mailbox a moment later.",
            CUSTOMER,
            {"input": gift},
            {"giftId": "sendGift.gift.id"},
        ),
    )


def _customer_mends_a_gift(refused_email: str) -> Sequence[Step]:
    gift: Mapping[str, Json] = {
        "cardId": known("cardId"),
        "points": 5,
        "recipientName": "Joseph",
        "recipientEmail": refused_email,
        "idempotencyKey": known("uuid"),
    }
    mended: Mapping[str, Json] = {
        "giftId": known("bouncedGiftId"),
        "correctedEmail": "joseph@example.com",
        "idempotencyKey": known("uuid"),
    }
    return (
        Step(
            "sendGiftInVain",
            "Send a gift to an address that does not exist",
            f"The demo takes every mail but those to {refused_email}.",
            CUSTOMER,
            {"input": gift},
            {"bouncedGiftId": "sendGift.gift.id"},
        ),
        Step(
            "sentGifts",
            "See that it bounced",
            "A moment later its status is BOUNCED, and deliveryProblem says what to do. The points still wait.",
            CUSTOMER,
            {},
            {},
        ),
        Step(
            "resendGift",
            "Correct the address and send it again",
            "Now the mail arrives. Each mail has a link of its own, and only the newest works.",
            CUSTOMER,
            {"input": mended},
            {},
        ),
        Step(
            "cancelGift",
            "Take the gift back",
            "As long as nobody has claimed it. The points are on the card again, with their dates; the link is dead.",
            CUSTOMER,
            {"input": {"giftId": known("bouncedGiftId"), "idempotencyKey": known("uuid")}},
            {},
        ),
    )


def _till_takes_it_back() -> Step:
    return Step(
        "refund",
        "Take the sale back",
        "The customer brings the coffee back: what the sale earned is taken back, and stands in the history.",
        TILL,
        {"input": {"saleId": known("saleId"), "idempotencyKey": known("uuid")}},
        {},
    )
