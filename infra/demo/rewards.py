"""Rewards: claimed in the app or bought at the till, used in one checkout with the goods, and back with them."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from infra.demo.calling import Caller, Stage, WalkStopped, new_key, rupees
from infra.demo.main_job import join, shown_code, sign_in
from infra.demo.reward_documents import (
    CANCEL_VOUCHER,
    CLAIM_REWARD,
    FULL_CHECKOUT,
    FULL_QUOTE,
    FULL_REFUND,
    MEMBER,
    SCAN_MEMBER,
)
from infra.demo.shop import CURRENCY, OPERATOR, OPERATOR_PIN

FREE_COFFEE, MONEY_OFF = "A free coffee", "₹25 off"


class RewardsWalk:
    """A new member earns, claims, redeems, reaches a tier, fills a punch card, and brings things back."""

    def __init__(self, stage: Stage, till: Caller, app: Caller) -> None:
        self._stage = stage
        self._till = till
        self.app = app
        self.card_id = ""

    def all(self, program_slug: str) -> None:
        self._stage.chapter("Rewards, stamps and tiers: one checkout, and every bit of it back")
        self.begin(program_slug)
        self.first_purchase()
        voucher_id = self.claim()
        self.needs_a_code_to_redeem(voucher_id)
        visit = self.scan("REDEEM")
        sale = self.basket(visit["id"], voucher_id, self.reward_at_till(visit, MONEY_OFF))
        quote = self.quote(sale)
        spare_id = self.claim_another()
        made = self.check_out(sale, quote["id"])
        self.look("The coffees filled the punch card, which became a voucher.")
        self.bring_back(made, voucher_id)
        self.change_of_mind(spare_id)

    def begin(self, program_slug: str) -> None:
        email = f"nila-{uuid.uuid4().hex[:6]}@example.com"
        sign_in(self._stage, self.app, email)
        self.card_id = join(self._stage, self.app, program_slug, rules=False)["id"]
        active = self.member()["balance"]["active"]
        self._stage.step(f"Joining alone brought {active} beans.")

    def first_purchase(self) -> None:
        visit = self.scan("EARN")
        sale = self._sale(
            visit["id"],
            [
                {"lineId": "1", "description": "Coffee beans, 500 g", "amountMinor": 54_000},
                {
                    "lineId": "2",
                    "description": "Filter coffee",
                    "category": "coffee",
                    "quantity": 4,
                    "amountMinor": 36_000,
                },
            ],
        )
        given = {"sale": sale, "idempotencyKey": new_key()}
        made = self._till.do(FULL_CHECKOUT, given, "SaleRecorded")
        self._stage.step(
            f"A first purchase, with {OPERATOR}'s PIN: {made['sale']['points']} beans, and {made['sale']['stamps']} "
            f"stamps, so that the punch card has {made['card']['stamps']['collected']} of "
            f"{made['card']['stamps']['needed']}."
        )

    def claim(self) -> str:
        member = self.member()
        self._stage.step("The app shows what can be had, and why not:")
        for offer in member["rewards"]:
            why = "can be had now" if offer["available"] else " ".join(offer["reasons"])
            self._stage.add(f"{offer['reward']['name']}, {offer['reward']['costPoints']} beans: {why}")
        voucher_id, balance = self._claimed(member)
        self._stage.step(
            f"Claimed in the app: {FREE_COFFEE.lower()}. {balance['active']} beans are left to spend, "
            f"{balance['reserved']} wait in the voucher."
        )
        return voucher_id

    def needs_a_code_to_redeem(self, voucher_id: str) -> None:
        visit = self.scan("EARN")
        refused = self._till.ask(FULL_QUOTE, {"input": self.basket(visit["id"], voucher_id)})["quote"]
        _expect(refused, "RedeemCodeNeeded")
        self._stage.step(f"A code that was shown for earning spends nothing: {refused['message']}")

    def quote(self, sale: Mapping[str, object]) -> dict[str, Any]:
        quote: dict[str, Any] = self._till.ask(FULL_QUOTE, {"input": sale})["quote"]
        _expect(quote, "Quote")
        self._stage.step(
            f"With a code to redeem the till asks what it comes to: {rupees(quote['total']['amountMinor'])}, "
            f"{rupees(quote['due']['amountMinor'])} to pay; {quote['earns']} beans, {quote['stamps']} stamps, "
            f"tier {quote['tierAfter']}."
        )
        for part in quote["discounts"]:
            self._stage.add(
                f"{part['reward']['name']}: {rupees(part['amount']['amountMinor'])} off line {part['lineId']}"
            )
        for line in quote["lines"]:
            self._stage.add(f"line {line['lineId']}: {line['points']} - {line['reason']}")
        return quote

    def claim_another(self) -> str:
        voucher_id, balance = self._claimed(self.member())
        self._stage.step(f"Meanwhile the customer claims one more in the app: {balance['active']} beans are left.")
        return voucher_id

    def check_out(self, sale: Mapping[str, object], quote_id: str) -> dict[str, Any]:
        given = {"sale": sale, "idempotencyKey": new_key(), "quoteId": quote_id}
        changed = self._till.ask(FULL_CHECKOUT, {"input": given})["checkout"]
        _expect(changed, "QuoteChanged")
        self._stage.step(f"So the checkout that names the quote does nothing: {changed['message']}")
        made = self._till.do(FULL_CHECKOUT, {**given, "quoteId": changed["quote"]["id"]}, "SaleRecorded")
        sale_made: dict[str, Any] = made["sale"]
        self._stage.step(
            f"With the id of the new quote it is done: {rupees(sale_made['due']['amountMinor'])} paid. "
            f"The receipt says: {sale_made['receiptText']}"
        )
        return sale_made

    def look(self, when: str) -> None:
        member = self.member()
        balance, stamps, tier = member["balance"], member["stamps"], member["tier"]
        self._stage.step(
            f"{when} The app shows {balance['active']} beans to spend, {balance['reserved']} reserved, "
            f"{stamps['collected']} of {stamps['needed']} stamps, tier {tier['name']}."
        )
        if tier["nextName"]:
            self._stage.add(
                f"{tier['toNext']} beans to {tier['nextName']}; {tier['name']} stays until {tier['keepUntil']}"
            )
        for voucher in member["vouchers"]:
            self._stage.add(f"voucher for {voucher['reward']['name'].lower()}: {voucher['state']}")

    def bring_back(self, sale: Mapping[str, Any], voucher_id: str) -> None:
        part = self._refund(sale, {"amountMinor": 5_000})
        self._stage.step(f"{rupees(5_000)} of it is given back: {part['pointsTakenBack']} beans go with it.")
        coffees = self._refund(sale, {"lineIds": ["2"]})
        state = next(each["state"] for each in self.member()["vouchers"] if each["id"] == voucher_id)
        self._stage.step(
            f"The coffees come back, {rupees(coffees['refundDue']['amountMinor'])}: {coffees['pointsTakenBack']} beans "
            f"go; the voucher that paid one is {state} again; the stamps that had filled the card are off it."
        )
        rest = self._refund(sale, {})
        self._stage.step(
            f"Then the rest: {rest['pointsTakenBack']} beans go, and {rest['pointsGivenBack']} that had bought "
            f"{MONEY_OFF} come back to where they were."
        )
        self.look("But for the tier, which stays until its review, it is as if only the first purchase had been made.")

    def change_of_mind(self, voucher_id: str) -> None:
        given = {"voucherId": voucher_id, "idempotencyKey": new_key()}
        balance = self.app.do(CANCEL_VOUCHER, given, "VoucherCancelled")["card"]["balance"]
        self._stage.step(f"The other voucher is cancelled in the app: {balance['active']} beans to spend again.")

    def member(self) -> dict[str, Any]:
        card: dict[str, Any] = self.app.ask(MEMBER, {"id": self.card_id})["node"]
        return card

    def scan(self, purpose: str) -> dict[str, Any]:
        return self._till.do(SCAN_MEMBER, {"code": shown_code(self.app, self.card_id, purpose)}, "Visit")

    def basket(self, visit_id: str, voucher_id: str, reward_id: str | None = None) -> dict[str, object]:
        lines = [
            {"lineId": "1", "description": "Banana bread", "category": "bakery", "quantity": 2, "amountMinor": 29_000},
            {"lineId": "2", "description": "Filter coffee", "category": "coffee", "quantity": 3, "amountMinor": 27_000},
        ]
        return {
            **self._sale(visit_id, lines),
            "voucherIds": [voucher_id],
            "rewardIds": [reward_id] if reward_id else [],
        }

    def reward_at_till(self, visit: Mapping[str, Any], name: str) -> str:
        [reward_id] = [
            str(offer["reward"]["id"])
            for offer in visit["card"]["rewards"]
            if offer["reward"]["name"] == name and offer["available"]
        ]
        return reward_id

    def _claimed(self, member: Mapping[str, Any]) -> tuple[str, dict[str, int]]:
        [reward_id] = [each["reward"]["id"] for each in member["rewards"] if each["reward"]["name"] == FREE_COFFEE]
        given = {"cardId": self.card_id, "rewardId": reward_id, "idempotencyKey": new_key()}
        claimed = self.app.do(CLAIM_REWARD, given, "RewardClaimed")
        return claimed["voucher"]["id"], claimed["card"]["balance"]

    def _refund(self, sale: Mapping[str, Any], what: Mapping[str, object]) -> dict[str, Any]:
        given = {"saleId": sale["id"], "operatorPin": OPERATOR_PIN, "idempotencyKey": new_key(), **what}
        return self._till.do(FULL_REFUND, given, "SaleRefunded")

    @staticmethod
    def _sale(visit_id: str, lines: list[dict[str, object]]) -> dict[str, object]:
        return {
            "customer": {"visitId": visit_id},
            "receiptNumber": f"R{datetime.now(UTC):%H%M%S%f}",
            "currency": CURRENCY,
            "operatorPin": OPERATOR_PIN,
            "lines": lines,
        }


def _expect(result: Mapping[str, Any], wanted: str) -> None:
    if result["__typename"] != wanted:
        raise WalkStopped(f"{wanted} was expected, {result['__typename']} came: {result.get('message')}")
