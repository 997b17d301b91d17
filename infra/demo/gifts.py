"""E-gifts: money that is paid for, travels, is spent in parts and comes back; a reward declined; a card sold."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from infra.demo.calling import LOOK_SECONDS, MAIL_SECONDS_MAX, Caller, Stage, WalkStopped, found, new_key, rupees
from infra.demo.documents import CANCEL_GIFT
from infra.demo.gift_documents import (
    CLAIM,
    DECLINE,
    DESIGNS,
    DRAFT,
    LIFE,
    RECEIVED,
    SCAN_WITH_GIFT_CARDS,
    SEND,
    TENDERED_CHECKOUT,
    TENDERED_QUOTE,
    TENDERED_REFUND,
    THANK,
    VIEW,
)
from infra.demo.main_job import shown_code, sign_in
from infra.demo.office import Office
from infra.demo.reward_documents import MEMBER
from infra.demo.shop import CURRENCY, OPERATOR_PIN

SENT_MINOR, LUNCH_MINOR, CAKE_MINOR, SOLD_MINOR, PASSED_ON_MINOR = 60_000, 41_000, 9_000, 50_000, 25_000
GIVEN_REWARD = "A free coffee"


class GiftsWalk:
    """A member gives money and a coffee to two friends."""

    def __init__(self, stage: Stage, till: Caller, app: Caller, office: Office) -> None:
        self._stage = stage
        self._till = till
        self._app = app
        self._office = office
        self._friend = Caller(stage.http, "/graphql")
        self._friends_card = ""

    def all(self, program_slug: str, card_id: str) -> None:
        self._stage.chapter("E-gifts: money and rewards, paid for safely, seen at every step, spent in parts")
        friend = _address("ammu")
        gift_id = self.send(card_id, self.design(program_slug), friend)
        token = self.arrive(gift_id, friend)
        self.claim(token, friend)
        self.thank(gift_id)
        sale = self.spend()
        self.look(gift_id, "The giver sees it:")
        self.bring_back(sale)
        self.pass_on()
        self.give_a_coffee(card_id)
        self.change_of_mind(card_id)
        self.sell_a_card()
        self.owner()

    def design(self, program_slug: str) -> str:
        program = self._app.ask(DESIGNS, {"slug": program_slug})["program"]
        limits = program["giftLimits"]
        self._stage.step(
            f"Money can be given too, from {rupees(limits['min']['amountMinor'])} to "
            f"{rupees(limits['max']['amountMinor'])}, with a picture: "
            f"{' '.join(each['altText'] for each in program['giftDesigns'])}"
        )
        design_id: str = program["giftDesigns"][0]["id"]
        return design_id

    def send(self, card_id: str, design_id: str, friend: str) -> str:
        told = {"valueMinor": SENT_MINOR, "designId": design_id, "message": "Many happy returns!"}
        draft = self._app.do(DRAFT, {"cardId": card_id, "recipientName": "Ammu", **told}, "GiftDraft")
        looks = [self._stage.http.get(draft[url]).status_code for url in ("pageUrl", "mailUrl")]
        self._stage.step(f"Before it is sent, the app shows how its page and its mail will look: {looks}.")
        waits = self._sent(card_id, "Ammu", friend, "GiftAwaitsPayment", told)
        self._stage.step(
            f"{rupees(SENT_MINOR)} for {friend}: {waits['gift']['status']}, to be paid at {waits['payment']['url']}"
        )
        gift_id: str = waits["gift"]["id"]
        self._pay(waits["payment"]["url"])
        self._until(gift_id, "SENT", "DELIVERED")
        self._stage.step(
            "Approved on the page of the payment. Its message came back signed, and the gift is on its way."
        )
        return gift_id

    def arrive(self, gift_id: str, friend: str) -> str:
        mail = self._stage.next_mail(friend, after=0)
        token = found(r"/g/([A-Za-z0-9_-]{43})", mail["text"])
        for _ in range(5):
            self._stage.http.get(f"/g/{token}")
        looked_at = self._life(gift_id)["status"]
        viewed = self._friend.ask(VIEW, {"token": token})["markGiftViewed"]["preview"]
        self._stage.step(
            f"The mail came ({mail['subject']}). A scanner that opens its link changes nothing ({looked_at}); a person "
            f"who sees {rupees(viewed['value']['amountMinor'])} from {viewed['senderName']} does: "
            f"{self._life(gift_id)['status']}."
        )
        return token

    def claim(self, token: str, friend: str) -> None:
        sign_in(self._stage, self._friend, friend)
        given = {"token": token, "idempotencyKey": new_key()}
        claimed = self._friend.do(CLAIM, given, "GiftClaimed")
        card = claimed["giftCard"]
        self._friends_card = claimed["card"]["id"]
        self._stage.step(f"Claimed: gift card …{card['last4']} with {rupees(card['balance']['amountMinor'])}.")

    def thank(self, gift_id: str) -> None:
        [edge] = self._friend.ask(RECEIVED)["viewer"]["receivedGifts"]["edges"]
        given = {"giftId": edge["node"]["id"], "message": "How kind of you!", "idempotencyKey": new_key()}
        self._friend.do(THANK, given, "GiftThanked")
        self._stage.step(f"The friend says thanks, and the giver reads it: {self._life(gift_id)['thanks']}")

    def spend(self) -> dict[str, Any]:
        lines: list[dict[str, object]] = [
            {"lineId": "1", "description": "Lunch for two", "amountMinor": LUNCH_MINOR},
            {"lineId": "2", "description": "Cake", "amountMinor": CAKE_MINOR},
        ]
        visit = self._visit("REDEEM")
        [gift_card] = visit["card"]["giftCards"]
        tenders = [{"giftCard": {"id": gift_card["id"]}, "amountMinor": SENT_MINOR - 20_000}]
        sale = self._sale(visit, lines, tenders)
        quote = self._till.do(TENDERED_QUOTE, sale, "Quote")
        self._stage.step(
            f"At the till, with a code to redeem, the gift card pays a part of {rupees(LUNCH_MINOR + CAKE_MINOR)}: "
            f"{_told(quote['tenders'])}; {rupees(quote['due']['amountMinor'])} are left to pay."
        )
        given = {"sale": sale, "quoteId": quote["id"], "idempotencyKey": new_key()}
        made: dict[str, Any] = self._till.do(TENDERED_CHECKOUT, given, "SaleRecorded")["sale"]
        self._stage.step(f"Done as quoted. The receipt says: {made['receiptText']}")
        return made

    def look(self, gift_id: str, how: str) -> None:
        life = self._life(gift_id)
        events = ", ".join(event["status"] for event in life["events"])
        self._stage.step(
            f"{how} {rupees(life['spent']['amountMinor'])} of {rupees(life['value']['amountMinor'])} spent. "
            f"All that happened: {events}."
        )

    def bring_back(self, sale: Mapping[str, Any]) -> None:
        for line_id, what in (("2", "cake"), ("1", "lunch")):
            given = {
                "saleId": sale["id"],
                "lineIds": [line_id],
                "operatorPin": OPERATOR_PIN,
                "idempotencyKey": new_key(),
            }
            back = self._till.do(TENDERED_REFUND, given, "SaleRefunded")
            self._stage.step(
                f"The {what} comes back: {_told(back['returnedTenders']) or 'nothing on a gift card'}; "
                f"{rupees(back['refundDue']['amountMinor'])} by the way they were paid."
            )
        [card] = self._friend.ask(RECEIVED)["viewer"]["giftCards"]
        self._stage.step(f"The friend's app shows {rupees(card['balance']['amountMinor'])} on it again, and why:")
        for edge in card["activities"]["edges"]:
            line = edge["node"]
            self._stage.add(
                f"{line['kind']:<9} {_signed(line['amount']['amountMinor'])} → "
                f"{rupees(line['balanceAfter']['amountMinor'])}"
            )

    def pass_on(self) -> None:
        [card] = self._friend.ask(RECEIVED)["viewer"]["giftCards"]
        told = {"valueMinor": PASSED_ON_MINOR, "giftCardId": card["id"]}
        friend = _address("zoya")
        sent = self._friend.do(SEND, _to(self._friends_card, "Zoya", friend, told), "GiftSent")
        left = self._friend.ask(RECEIVED)["viewer"]["giftCards"][0]["balance"]["amountMinor"]
        self._stage.step(
            f"Of that, {rupees(PASSED_ON_MINOR)} go on to {friend} as a new gift ({sent['gift']['status']}): "
            f"{rupees(left)} stay."
        )

    def give_a_coffee(self, card_id: str) -> None:
        friend = _address("paul")
        member = self._app.ask(MEMBER, {"id": card_id})["node"]
        [reward_id] = [each["reward"]["id"] for each in member["rewards"] if each["reward"]["name"] == GIVEN_REWARD]
        sent = self._sent(card_id, "Paul", friend, "GiftSent", {"rewardId": reward_id})
        balance = sent["card"]["balance"]
        mail = self._stage.next_mail(friend, after=0)
        token = found(r"/g/([A-Za-z0-9_-]{43})", mail["text"])
        self._stage.step(
            f"A coffee for {friend}, bought with beans: {balance['active']} are left, {balance['reserved']} reserved. "
            f"The mail came: {mail['subject']}"
        )
        given = {"token": token, "idempotencyKey": new_key()}
        Caller(self._stage.http, "/graphql").do(DECLINE, given, "GiftDeclined")
        after = self._app.ask(MEMBER, {"id": card_id})["node"]["balance"]
        self._stage.step(
            f"Paul drinks tea and declines: {self._life(sent['gift']['id'])['status']}, and {after['active']} beans "
            "are to spend again."
        )

    def change_of_mind(self, card_id: str) -> None:
        waits = self._sent(card_id, "Ammu", _address("ammu"), "GiftAwaitsPayment", {"valueMinor": 30_000})
        gift_id = waits["gift"]["id"]
        self._pay(waits["payment"]["url"])
        self._until(gift_id, "SENT", "DELIVERED")
        self._app.do(CANCEL_GIFT, {"giftId": gift_id, "idempotencyKey": new_key()}, "GiftCancelled")
        self._wait(lambda: self._life(gift_id)["payment"]["refunded"], "the payment was not given back")
        self._stage.step(
            f"A second gift of {rupees(30_000)} is cancelled before its claim: the money went back to the payer."
        )

    def sell_a_card(self) -> None:
        lines: list[dict[str, object]] = [
            {"lineId": "1", "kind": "GIFT_CARD_SALE", "description": "Gift card", "amountMinor": SOLD_MINOR}
        ]
        made = self._check_out(self._sale(self._visit("EARN"), lines, []))
        [sold] = made["giftCardsSold"]
        self._stage.step(
            f"The counter sells a gift card: number …{sold['number'][-4:]} and a PIN, shown this once, with "
            f"{rupees(sold['balance']['amountMinor'])} on it."
        )
        lines = [{"lineId": "1", "description": "Cold brew", "amountMinor": 22_000}]
        paid = self._check_out(self._sale(self._visit("EARN"), lines, [{"giftCard": {"number": sold["number"]}}]))
        self._stage.step(f"Its number alone pays at the next visit: {_told(paid['sale']['tenders'])}.")

    def owner(self) -> None:
        merchant = ("--merchant", self._office.merchant_id)
        self._office.show(self._stage, "The owner sees what was paid for:", "payments", "list", *merchant)
        self._office.show(self._stage, "And what all gift cards still hold:", "report", "liability", *merchant)

    def _sent(self, card_id: str, name: str, friend: str, wanted: str, what: Mapping[str, object]) -> dict[str, Any]:
        return self._app.do(SEND, _to(card_id, name, friend, what), wanted)

    def _pay(self, url: str) -> None:
        answer = self._stage.http.post(url, data={"choice": "approve"}, follow_redirects=True)
        if answer.status_code != 200:
            raise WalkStopped(f"the page of the payment answered {answer.status_code}")

    def _life(self, gift_id: str) -> dict[str, Any]:
        life: dict[str, Any] = self._app.ask(LIFE, {"id": gift_id})["node"]
        return life

    def _until(self, gift_id: str, *statuses: str) -> None:
        self._wait(lambda: self._life(gift_id)["status"] in statuses, f"the gift did not become {statuses[0]}")

    @staticmethod
    def _wait(is_so: Callable[[], bool], trouble: str) -> None:
        deadline = time.monotonic() + MAIL_SECONDS_MAX
        while not is_so():
            if time.monotonic() > deadline:
                raise WalkStopped(f"{trouble} within {MAIL_SECONDS_MAX:.0f} seconds")
            time.sleep(LOOK_SECONDS)

    def _check_out(self, sale: Mapping[str, object]) -> dict[str, Any]:
        return self._till.do(TENDERED_CHECKOUT, {"sale": sale, "idempotencyKey": new_key()}, "SaleRecorded")

    def _visit(self, purpose: str) -> dict[str, Any]:
        """What the till sees of the friend, who shows a code for the purpose."""
        code = shown_code(self._friend, self._friends_card, purpose)
        return self._till.do(SCAN_WITH_GIFT_CARDS, {"code": code}, "Visit")

    @staticmethod
    def _sale(
        visit: Mapping[str, Any], lines: Sequence[Mapping[str, object]], tenders: Sequence[object]
    ) -> dict[str, object]:
        return {
            "customer": {"visitId": visit["id"]},
            "receiptNumber": f"G{datetime.now(UTC):%H%M%S%f}",
            "currency": CURRENCY,
            "operatorPin": OPERATOR_PIN,
            "lines": list(lines),
            "tenders": list(tenders),
        }


def _to(card_id: str, name: str, friend: str, what: Mapping[str, object]) -> dict[str, object]:
    who = {"cardId": card_id, "recipientName": name, "recipientEmail": friend}
    return {**who, **what, "idempotencyKey": new_key()}


def _told(tenders: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{rupees(each['paid']['amountMinor'])} on gift card …{each['last4']}, which has "
        f"{rupees(each['balanceAfter']['amountMinor'])}"
        for each in tenders
    )


def _signed(amount_minor: int) -> str:
    return f"{'-' if amount_minor < 0 else '+'}{rupees(abs(amount_minor))}"


def _address(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:6]}@example.com"
