"""The whole main job against a running demo, over HTTP, as an app, a till and a friend would do it."""

import re
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from infra.demo import camera
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

MAIL_SECONDS_MAX = 20.0
LOOK_SECONDS = 0.2

Say = Callable[[str], object]


class WalkStopped(Exception):
    """A step did not end as it should. Says which one, and what came instead."""


class Caller:
    """One app or till: an endpoint, and the token it holds."""

    def __init__(self, http: httpx.Client, path: str) -> None:
        self._http = http
        self._path = path
        self.token: str | None = None

    def ask(self, document: str, variables: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The data of the answer. Raises WalkStopped for top-level errors."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = self._http.post(self._path, json={"query": document, "variables": variables or {}}, headers=headers)
        body = answer.json()
        if body.get("errors"):
            raise WalkStopped(f"{self._path} answered {answer.status_code}: {body['errors'][0]['message']}")
        data: dict[str, Any] = body["data"]
        return data

    def do(self, document: str, given: Mapping[str, object], wanted: str) -> dict[str, Any]:
        """The result of the document's one mutation, which must be of the type `wanted`."""
        [result] = self.ask(document, {"input": given}).values()
        if result["__typename"] != wanted:
            raise WalkStopped(f"{wanted} was expected, {result['__typename']} came: {result.get('message')}")
        found: dict[str, Any] = result
        return found


class Walk:
    """The steps in order. Each says what it did in plain words."""

    def __init__(self, http: httpx.Client, say: Say) -> None:
        self._http = http
        self._say = say
        self._app = Caller(http, "/graphql")
        self._till = Caller(http, "/pos/graphql")
        self._count = 0

    def step(self, sentence: str) -> None:
        self._count += 1
        self._say(f"{self._count:>2}. {sentence}")

    def all(self) -> None:
        facts = self._http.get("/demo.json").json()
        email = facts["customers"][0]["email"]
        self.sign_in(self._app, email)
        card = self.join(facts["programSlug"])
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
        self._say("\nThat was the whole main job: every point is accounted for. `regulars audit` proves it.")

    def sign_in(self, app: Caller, email: str) -> None:
        before = len(self.mails_to(email))
        requested = app.do(REQUEST_CODE, {"email": email}, "SignInCodeRequested")
        mail = self.next_mail(email, after=before)
        code = found(r"\b(\d{6})\b", mail["text"])
        signed_in = app.do(
            SIGN_IN, {"attemptId": requested["attemptId"], "code": code, "deviceName": "Walk-through"}, "SignedIn"
        )
        app.token = signed_in["tokens"]["accessToken"]
        self.step(f"{email} asked for a sign-in code, read {code} in the mail, and is signed in.")

    def join(self, slug: str) -> dict[str, Any]:
        program = self._app.ask(PROGRAM, {"slug": slug})["program"]
        joined = self._app.do(JOIN, {"programSlug": slug, "idempotencyKey": new_key()}, "ProgramJoined")
        card: dict[str, Any] = joined["card"]
        had = "has had" if joined["alreadyMember"] else "now has"
        self.step(f"The customer {had} card {grouped(card['number'])} in {program['name']}. The rules are:")
        for sentence in program["terms"]:
            self._say(f"      {sentence}")
        return card

    def activate(self, code: str) -> None:
        activated = self._till.do(
            ACTIVATE, {"activationCode": code, "deviceName": "Walk-through till"}, "TerminalActivated"
        )
        self._till.token = activated["tokens"]["accessToken"]
        terminal = activated["terminal"]
        self.step(
            f"With the code {code} a device became {terminal['name']} "
            f"of {terminal['merchantName']}, {terminal['storeName']}."
        )

    def scan(self, card_id: str) -> str:
        code = self._app.do(CHECK_IN, {"cardId": card_id}, "CheckInCode")
        digits = camera.read(code["qrSvg"])
        if digits != code["token"]:
            raise WalkStopped("the picture says something else than the token")
        visit = self._till.do(SCAN, {"code": digits}, "Visit")
        member = visit["card"]
        self.step(
            f"The app showed a QR code; the till read {len(digits)} digits from the picture. "
            f"It is {member['displayName']}, with {member['active']} {member['pointNamePlural']}."
        )
        again = self._till.ask(SCAN, {"input": {"code": digits}})["scan"]
        self.step(f"The same code once more: {again['message']}")
        visit_id: str = visit["id"]
        return visit_id

    def buy(self, visit_id: str) -> dict[str, Any]:
        sale = {
            "customer": {"visitId": visit_id},
            "receiptNumber": f"W{datetime.now(UTC):%H%M%S}",
            "currency": "INR",
            "lines": [
                {"lineId": "1", "description": "Two filter coffees", "quantity": 2, "amountMinor": 18_000},
                {"lineId": "2", "description": "Banana bread", "amountMinor": 14_500},
                {"lineId": "3", "kind": "TIP", "description": "Tip", "amountMinor": 2_000},
            ],
        }
        quote = self._till.ask(QUOTE, {"input": sale})["quote"]
        self.step(f"The till asked what it would earn: {quote['earns']}.")
        given = {"sale": sale, "idempotencyKey": new_key()}
        recorded = self._till.do(CHECKOUT, given, "SaleRecorded")
        made: dict[str, Any] = recorded["sale"]
        self.step(f"The sale is recorded. The receipt says: {made['receiptText']}")
        for line in made["lines"]:
            self._say(f"      line {line['lineId']}: {line['points']} - {line['reason']}")
        replayed = self._till.do(CHECKOUT, given, "SaleRecorded")
        self.step(
            f"The till lost the answer and sent it again: replayed is {str(replayed['replayed']).lower()}, "
            f"the balance is still {replayed['card']['active']}."
        )
        return made

    def look(self, card_id: str) -> None:
        card = self._app.ask(HISTORY, {"id": card_id})["node"]
        balance = card["balance"]
        self.step(
            f"The app shows {balance['active']} to spend, {balance['pending']} pending, {balance['reserved']} reserved."
            " The newest lines:"
        )
        for edge in card["history"]["edges"]:
            line = edge["node"]
            why = "; ".join(line["reasons"])
            self._say(f"      {line['points']:>+6}  → {line['balanceAfter']:>5}  {line['kind']:<14} {why}")

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
        self.step(
            f"10 were sent to {friend}: {sent['card']['balance']['active']} left to spend, "
            f"{sent['card']['balance']['reserved']} in escrow."
        )

    def claim(self, friend: str) -> None:
        mail = self.next_mail(friend, after=0)
        token = found(r"/g/([A-Za-z0-9_-]{43})", mail["text"])
        page = self._http.get(f"/g/{token}")
        self.step(f"The friend's mail came ({mail['subject']}); its link opens a page ({page.status_code}).")
        preview = self._app.ask(GIFT, {"token": token})["gift"]
        self.step(f"Looking changes nothing: {preview['points']} from {preview['senderName']} are still to be claimed.")
        friends_app = Caller(self._http, "/graphql")
        self.sign_in(friends_app, friend)
        claimed = friends_app.do(CLAIM, {"token": token, "idempotencyKey": new_key()}, "GiftClaimed")
        self.step(
            f"Claimed: {claimed['points']} from {claimed['senderName']} on card {grouped(claimed['card']['number'])}."
        )
        home = friends_app.ask(HOME)["viewer"]
        self.step(f"The friend's balance is {home['cards'][0]['balance']['active']}.")

    def give_in_vain(self, card_id: str) -> str:
        gift = {
            "cardId": card_id,
            "points": 5,
            "recipientName": "Someone",
            "recipientEmail": REFUSED_EMAIL,
            "idempotencyKey": new_key(),
        }
        gift_id: str = self._app.do(SEND_GIFT, gift, "GiftSent")["gift"]["id"]
        self.step(f"A second gift, of 5, went to {REFUSED_EMAIL} and bounced: {self.next_problem(gift_id)}")
        return gift_id

    def mend(self, gift_id: str) -> None:
        someone = f"someone-{uuid.uuid4().hex[:6]}@example.com"
        given = {"giftId": gift_id, "correctedEmail": someone, "idempotencyKey": new_key()}
        self._app.do(RESEND_GIFT, given, "GiftResent")
        self.next_mail(someone, after=0)
        self.step(f"It was sent again to {someone}, and the mail came.")

    def change_of_mind(self, gift_id: str) -> None:
        cancelled = self._app.do(CANCEL_GIFT, {"giftId": gift_id, "idempotencyKey": new_key()}, "GiftCancelled")
        self.step(
            f"Then it was cancelled before anybody claimed it: {cancelled['card']['balance']['active']} to spend again."
        )

    def bring_back(self, sale: dict[str, Any]) -> None:
        refunded = self._till.do(
            REFUND, {"saleId": sale["id"], "lineIds": ["2"], "idempotencyKey": new_key()}, "SaleRefunded"
        )
        self.step(f"The banana bread came back: {refunded['pointsTakenBack']} went with it.")

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

    def next_mail(self, address: str, *, after: int) -> dict[str, Any]:
        """The newest mail to the address, as soon as there are more than `after` of them."""
        deadline = time.monotonic() + MAIL_SECONDS_MAX
        while time.monotonic() < deadline:
            mails = self.mails_to(address)
            if len(mails) > after:
                return mails[0]
            time.sleep(LOOK_SECONDS)
        raise WalkStopped(f"no mail came to {address} within {MAIL_SECONDS_MAX:.0f} seconds")

    def mails_to(self, address: str) -> list[dict[str, Any]]:
        mails: list[dict[str, Any]] = self._http.get("/demo/mailbox.json").json()
        return [mail for mail in mails if mail["to"] == address]


def walk_through(base_url: str, *, say: Say) -> None:
    """The whole main job has been done against the demo at `base_url`. Raises WalkStopped."""
    with httpx.Client(base_url=base_url, timeout=15.0) as http:
        try:
            Walk(http, say).all()
        except httpx.ConnectError as trouble:
            raise WalkStopped(f"No demo answers at {base_url}. Start one with: make demo") from trouble


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise WalkStopped(f"the mail does not hold what was looked for: {pattern}")
    return match[1]


def grouped(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def new_key() -> str:
    return str(uuid.uuid4())
