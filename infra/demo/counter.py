"""At the counter: somebody without an app, what was done lately and how it is undone, and a sale that looks odd."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from infra.demo.calling import Caller, Stage, WalkStopped, new_key, rupees
from infra.demo.office import Office
from infra.demo.reward_documents import ENROL_BY_PHONE, FULL_CHECKOUT, FULL_REFUND, LOOK_UP, OPERATIONS
from infra.demo.shop import CURRENCY, OPERATOR, OPERATOR_PIN

WRONG_PIN = "1357"


class CounterWalk:
    """A customer who has no phone to show."""

    def __init__(self, stage: Stage, till: Caller, office: Office) -> None:
        self._stage = stage
        self._till = till
        self._office = office
        self._phone = f"+9198{secrets.randbelow(10**8):08d}"

    def all(self) -> None:
        self._stage.chapter("The counter: by telephone number, undone, and looked at")
        visit_id = self.enrol()
        self.wrong_pin(visit_id)
        self.buy(visit_id, 32_000)
        visit_id = self.look_up()
        self.undo(visit_id)
        receipt = self.odd_sale(visit_id)
        self.release(receipt)

    def enrol(self) -> str:
        given = {"phone": self._phone, "name": "Kurian Mathew", "idempotencyKey": new_key()}
        enrolled = self._till.do(ENROL_BY_PHONE, given, "CustomerEnrolled")
        card = enrolled["visit"]["card"]
        self._stage.step(
            f"Somebody without an app is enrolled by a telephone number: card …{card['numberLast4']}, with "
            f"{card['active']} beans for joining."
        )
        visit_id: str = enrolled["visit"]["id"]
        return visit_id

    def wrong_pin(self, visit_id: str) -> None:
        sale = {**self._sale(visit_id, 32_000), "operatorPin": WRONG_PIN}
        refused = self._till.ask(FULL_CHECKOUT, {"input": {"sale": sale, "idempotencyKey": new_key()}})["checkout"]
        if refused["__typename"] != "OperatorUnknown":
            raise WalkStopped(f"OperatorUnknown was expected, {refused['__typename']} came")
        self._stage.step(f"A PIN that nobody has sells nothing: {refused['message']}")

    def buy(self, visit_id: str, amount_minor: int) -> dict[str, Any]:
        given = {"sale": self._sale(visit_id, amount_minor), "idempotencyKey": new_key()}
        made = self._till.do(FULL_CHECKOUT, given, "SaleRecorded")
        sale: dict[str, Any] = made["sale"]
        if not sale["inReview"]:
            self._stage.step(
                f"{OPERATOR} sells for {rupees(amount_minor)}, and the sale says so: {sale['points']} beans."
            )
        return made

    def look_up(self) -> str:
        visit = self._till.do(LOOK_UP, {"phone": self._phone}, "Visit")
        card = visit["card"]
        self._stage.step(
            f"Next time the number alone finds the card, and shows no more than is needed: {card['displayName']}, "
            f"…{card['numberLast4']}, {card['active']} beans."
        )
        visit_id: str = visit["id"]
        return visit_id

    def undo(self, visit_id: str) -> None:
        [lately] = self._operations(visit_id)
        if not lately["canBeUndone"]:
            raise WalkStopped(f"the sale cannot be undone: {lately['reason']}")
        self._stage.step(f"What was done lately: {self._said(lately)}. It was a mistake, so it is undone.")
        given = {"saleId": lately["sale"]["id"], "operatorPin": OPERATOR_PIN, "idempotencyKey": new_key()}
        undone = self._till.do(FULL_REFUND, given, "SaleRefunded")
        [after] = self._operations(visit_id)
        self._stage.step(
            f"{undone['pointsTakenBack']} beans are off the card, and it cannot be undone twice: {after['reason']}"
        )

    def odd_sale(self, visit_id: str) -> str:
        made = self.buy(visit_id, 240_000)
        sale, card = made["sale"], made["card"]
        if not sale["inReview"]:
            raise WalkStopped("a sale that looks odd was not held")
        self._stage.step(
            f"A sale for {rupees(240_000)} looks odd by the rules. That is no error at the till: it is recorded, "
            f"and its {card['pending']} beans wait for the owner."
        )
        receipt: str = sale["receiptNumber"]
        return receipt

    def release(self, receipt: str) -> None:
        merchant = ("--merchant", self._office.merchant_id)
        waiting = self._office.asked("review", "list", *merchant)["sales"]
        [odd] = [each for each in waiting if each["receiptNumber"] == receipt]
        self._stage.step(f"The owner sees it, with the reason: regulars review list {' '.join(merchant)}")
        self._stage.add(f"{odd['operator']} at {odd['terminal']}, {odd['points']} beans: {odd['why']}")
        self._office.show(self._stage, "And lets it go:", "review", "release", *merchant, "--sale", odd["saleId"])
        card = self._till.do(LOOK_UP, {"phone": self._phone}, "Visit")["card"]
        self._stage.step(f"The card has {card['active']} beans to spend, {card['pending']} wait.")

    def _operations(self, visit_id: str) -> list[dict[str, Any]]:
        operations: list[dict[str, Any]] = self._till.ask(OPERATIONS, {"visit": visit_id})["operations"]
        return operations

    @staticmethod
    def _said(operation: Mapping[str, Any]) -> str:
        sale = operation["sale"]
        return f"receipt {sale['receiptNumber']}, {rupees(sale['total']['amountMinor'])}, {sale['points']} beans"

    @staticmethod
    def _sale(visit_id: str, amount_minor: int) -> dict[str, object]:
        return {
            "customer": {"visitId": visit_id},
            "receiptNumber": f"C{datetime.now(UTC):%H%M%S%f}",
            "currency": CURRENCY,
            "operatorPin": OPERATOR_PIN,
            "lines": [{"lineId": "1", "description": "Lunch", "amountMinor": amount_minor}],
        }
