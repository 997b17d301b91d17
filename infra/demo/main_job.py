"""The main job: a customer signs in, shows a code, buys, gives points to a friend, and brings something back."""

import time
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx

from infra.demo import camera
from infra.demo.calling import (
    LOOK_SECONDS,
    MAIL_SECONDS_MAX,
    Caller,
    Say,
    Stage,
    WalkStopped,
    found,
    grouped,
    new_key,
)
from infra.demo.documents import (
    ACTIVATE,
    CANCEL_GIFT,
    CHECK_IN,
    CHECKOUT,
    CLAIM,
    GIFT,
    HISTORY,
    HOME,
    JOIN,
    PROGRAM,
    QUOTE,
    REFUND,
    REQUEST_CODE,
    RESEND_GIFT,
    SCAN,
    SEND_GIFT,
    SENT_GIFT,
    SIGN_IN,
)
from infra.demo.shop import REFUSED_EMAIL


class Walk:
    """The steps in order. Each says what it did in plain words."""

    def __init__(self, http: httpx.Client, say: Say, stage: Stage | None = None) -> None:
        self._http = http
        self._stage = stage or Stage(http, say)
        self._app = Caller(http, "/graphql")
        self.till = Caller(http, "/pos/graphql")
        self.program_slug = ""

    def all(self) -> None:
        facts = self._http.get("/demo.json").json()
        self.program_slug = facts["programSlug"]
        email = facts["customers"][0]["email"]
        sign_in(self._stage, self._app, email)
        card = join(self._stage, self._app, self.program_slug)
        self.activate(facts["activationCode"])
        visit = self.scan(card["id"])
        sale = self.buy(visit)
        self.look(card["id"])
        friend = f"friend-{uuid.uuid4().hex[:6]}@example.com"
        self.give(card["id"], friend)
        self.claim(friend)
        gift_id = self.give_in_vain(card["id"])
        self.mend(gift_id)
        self.change_of_mind(gift_id)
        self.bring_back(sale)
        self.look(card["id"])

    def activate(self, code: str) -> None:
        activated = self.till.do(
            ACTIVATE, {"activationCode": code, "deviceName": "Walk-through till"}, "TerminalActivated"
        )
        self.till.token = activated["tokens"]["accessToken"]
        terminal = activated["terminal"]
        self._stage.step(
            f"With the code {code} a device became {terminal['name']} "
            f"of {terminal['merchantName']}, {terminal['storeName']}."
        )

    def scan(self, card_id: str) -> str:
        digits = shown_code(self._app, card_id, "EARN")
        visit = self.till.do(SCAN, {"code": digits}, "Visit")
        member = visit["card"]
        self._stage.step(
            f"The app showed a QR code; the till read {len(digits)} digits from the picture. "
            f"It is {member['displayName']}, with {member['active']} {member['pointNamePlural']}."
        )
        again = self.till.ask(SCAN, {"input": {"code": digits}})["scan"]
        self._stage.step(f"The same code once more: {again['message']}")
        visit_id: str = visit["id"]
        return visit_id

    def buy(self, visit_id: str) -> dict[str, Any]:
        sale = {
            "customer": {"visitId": visit_id},
            "receiptNumber": f"W{datetime.now(UTC):%H%M%S}",
            "currency": "INR",
            "lines": [
                {
                    "lineId": "1",
                    "description": "Filter coffee",
                    "category": "coffee",
                    "quantity": 2,
                    "amountMinor": 18_000,
                },
                {"lineId": "2", "description": "Banana bread", "category": "bakery", "amountMinor": 14_500},
                {"lineId": "3", "kind": "TIP", "description": "Tip", "amountMinor": 2_000},
            ],
        }
        quote = self.till.ask(QUOTE, {"input": sale})["quote"]
        self._stage.step(f"The till asked what it would earn: {quote['earns']}.")
        given = {"sale": sale, "idempotencyKey": new_key()}
        recorded = self.till.do(CHECKOUT, given, "SaleRecorded")
        made: dict[str, Any] = recorded["sale"]
        self._stage.step(f"The sale is recorded. The receipt says: {made['receiptText']}")
        for line in made["lines"]:
            self._stage.add(f"line {line['lineId']}: {line['points']} - {line['reason']}")
        replayed = self.till.do(CHECKOUT, given, "SaleRecorded")
        self._stage.step(
            f"The till lost the answer and sent it again: replayed is {str(replayed['replayed']).lower()}, "
            f"the balance is still {replayed['card']['active']}."
        )
        return made

    def look(self, card_id: str) -> None:
        card = self._app.ask(HISTORY, {"id": card_id})["node"]
        balance = card["balance"]
        self._stage.step(
            f"The app shows {balance['active']} to spend, {balance['pending']} pending, {balance['reserved']} reserved."
            " The newest lines:"
        )
        for edge in card["history"]["edges"]:
            line = edge["node"]
            why = " ".join(line["reasons"])
            self._stage.add(f"{line['points']:>+6}  → {line['balanceAfter']:>5}  {line['kind']:<14} {why}")

    def give(self, card_id: str, friend: str) -> None:
        gift = {
            "cardId": card_id,
            "points": 10,
            "recipientName": "Friend",
            "recipientEmail": friend,
            "message": "Have a coffee on me",
            "idempotencyKey": new_key(),
        }
        sent = self._app.do(SEND_GIFT, gift, "GiftSent")
        self._stage.step(
            f"10 beans were sent to {friend}: {sent['card']['balance']['active']} left to spend, "
            f"{sent['card']['balance']['reserved']} in escrow."
        )

    def claim(self, friend: str) -> None:
        mail = self._stage.next_mail(friend, after=0)
        token = found(r"/g/([A-Za-z0-9_-]{43})", mail["text"])
        page = self._http.get(f"/g/{token}")
        self._stage.step(f"The friend's mail came ({mail['subject']}); its link opens a page ({page.status_code}).")
        preview = self._app.ask(GIFT, {"token": token})["gift"]
        self._stage.step(
            f"Looking changes nothing: {preview['points']} from {preview['senderName']} are still to be claimed."
        )
        friends_app = Caller(self._http, "/graphql")
        sign_in(self._stage, friends_app, friend)
        claimed = friends_app.do(CLAIM, {"token": token, "idempotencyKey": new_key()}, "GiftClaimed")
        self._stage.step(
            f"Claimed: {claimed['points']} from {claimed['senderName']} on card {grouped(claimed['card']['number'])}."
        )
        home = friends_app.ask(HOME)["viewer"]
        self._stage.step(f"The friend's balance is {home['cards'][0]['balance']['active']}.")

    def give_in_vain(self, card_id: str) -> str:
        gift = {
            "cardId": card_id,
            "points": 5,
            "recipientName": "Someone",
            "recipientEmail": REFUSED_EMAIL,
            "idempotencyKey": new_key(),
        }
        gift_id: str = self._app.do(SEND_GIFT, gift, "GiftSent")["gift"]["id"]
        self._stage.step(f"A second gift, of 5, went to {REFUSED_EMAIL} and bounced: {self.next_problem(gift_id)}")
        return gift_id

    def mend(self, gift_id: str) -> None:
        someone = f"someone-{uuid.uuid4().hex[:6]}@example.com"
        given = {"giftId": gift_id, "correctedEmail": someone, "idempotencyKey": new_key()}
        self._app.do(RESEND_GIFT, given, "GiftResent")
        self._stage.next_mail(someone, after=0)
        self._stage.step(f"It was sent again to {someone}, and the mail came.")

    def change_of_mind(self, gift_id: str) -> None:
        cancelled = self._app.do(CANCEL_GIFT, {"giftId": gift_id, "idempotencyKey": new_key()}, "GiftCancelled")
        self._stage.step(
            f"Then it was cancelled before anybody claimed it: {cancelled['card']['balance']['active']} to spend again."
        )

    def bring_back(self, sale: dict[str, Any]) -> None:
        refunded = self.till.do(
            REFUND, {"saleId": sale["id"], "lineIds": ["2"], "idempotencyKey": new_key()}, "SaleRefunded"
        )
        self._stage.step(f"The banana bread came back: {refunded['pointsTakenBack']} went with it.")

    def next_problem(self, gift_id: str) -> str:
        """Why the gift's mail did not arrive, as soon as that is known."""
        deadline = time.monotonic() + MAIL_SECONDS_MAX
        while time.monotonic() < deadline:
            gift = self._app.ask(SENT_GIFT, {"id": gift_id})["node"]
            if gift["status"] == "BOUNCED":
                problem: str = gift["deliveryProblem"]
                return problem
            time.sleep(LOOK_SECONDS)
        raise WalkStopped(f"the gift to {REFUSED_EMAIL} did not bounce within {MAIL_SECONDS_MAX:.0f} seconds")


def sign_in(stage: Stage, app: Caller, email: str) -> None:
    before = len(stage.mails_to(email))
    requested = app.do(REQUEST_CODE, {"email": email}, "SignInCodeRequested")
    mail = stage.next_mail(email, after=before)
    code = found(r"\b(\d{6})\b", mail["text"])
    signed_in = app.do(
        SIGN_IN, {"attemptId": requested["attemptId"], "code": code, "deviceName": "Walk-through"}, "SignedIn"
    )
    app.token = signed_in["tokens"]["accessToken"]
    stage.step(f"{email} asked for a sign-in code, read {code} in the mail, and is signed in.")


def join(stage: Stage, app: Caller, slug: str, *, rules: bool = True) -> dict[str, Any]:
    program = app.ask(PROGRAM, {"slug": slug})["program"]
    joined = app.do(JOIN, {"programSlug": slug, "idempotencyKey": new_key()}, "ProgramJoined")
    card: dict[str, Any] = joined["card"]
    had = "has had" if joined["alreadyMember"] else "now has"
    told = " The rules are:" if rules else ""
    stage.step(f"The customer {had} card {grouped(card['number'])} in {program['name']}.{told}")
    for sentence in program["terms"] if rules else ():
        stage.add(sentence)
    return card


def shown_code(app: Caller, card_id: str, purpose: str) -> str:
    """What the till reads from the picture that the app shows."""
    code = app.do(CHECK_IN, {"cardId": card_id, "purpose": purpose}, "CheckInCode")
    digits = camera.read(code["qrSvg"])
    if digits != code["token"]:
        raise WalkStopped("the picture says something else than the token")
    return digits
