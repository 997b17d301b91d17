"""The proof: every point asked where it comes from and where it goes, a statement to take away, the audit, a draft."""

import json
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from infra.demo.calling import Caller, Stage
from infra.demo.office import Office
from infra.demo.program import RULES
from infra.demo.reward_documents import LOTS, STATEMENT
from wallet.rules import ReviewRules
from wallet.values import Minor, Points

LATER = timedelta(days=400)

BASKET = {
    "lines": [
        {"lineId": "bread", "amountMinor": 14_500, "category": "bakery"},
        {"lineId": "coffee", "amountMinor": 18_000, "category": "coffee", "quantity": 2},
    ]
}


class ProofWalk:
    """What a customer can ask, and what the owner can prove and try."""

    def __init__(self, stage: Stage, app: Caller, office: Office, base_url: str, program_slug: str) -> None:
        self._stage = stage
        self._app = app
        self._office = office
        self._base_url = base_url.rstrip("/")
        self._slug = program_slug

    def all(self, card_id: str) -> None:
        self._stage.chapter("The proof, and new rules before they count")
        now = datetime.fromisoformat(self._stage.http.get("/demo.json").json()["clock"])
        with tempfile.TemporaryDirectory(prefix="regulars-demo-") as folder:
            self.ask(card_id, now)
            self.take_away(card_id, now, Path(folder))
            self._office.show(self._stage, "The owner proves the whole ledger:", "audit")
            self.try_a_draft(Path(folder))

    def ask(self, card_id: str, now: datetime) -> None:
        later = (now + LATER).isoformat()
        card = self._app.ask(LOTS, {"id": card_id, "later": later})["node"]
        self._stage.step("Every bean is asked where it comes from, when it goes, and which are spent first:")
        for lot in card["lots"]:
            self._stage.add(
                f"{lot['spendOrder']}. {lot['remaining']} of {lot['points']}, until {lot['expiresAt']}: "
                f"{' '.join(lot['source']['reasons'])}"
            )
        was, will = card["balance"], card["later"]
        self._stage.step(
            f"And what will be in {LATER.days} days if nothing else happens: {will['active']} to spend instead of "
            f"{was['active']}, {will['reserved']} reserved instead of {was['reserved']}."
        )

    def take_away(self, card_id: str, now: datetime, folder: Path) -> None:
        period = {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(seconds=1)).isoformat()}
        statement = self._app.ask(STATEMENT, {"id": card_id, **period})["node"]["statement"]
        file = folder / "statement.jws"
        file.write_text(statement["jws"])
        self._stage.step("The customer takes a signed statement away. Its last lines for people:")
        for line in statement["text"].strip().splitlines()[-3:]:
            self._stage.add(line)
        keys = f"{self._base_url}/.well-known/jwks.json"
        self._office.show(
            self._stage,
            "Anybody can check it with the shop's public keys:",
            "statement",
            "verify",
            str(file),
            "--jwks",
            keys,
        )

    def try_a_draft(self, folder: Path) -> None:
        draft = replace(RULES, points=Points(2), review=ReviewRules(amount_minor=Minor(100_000)))
        rules, basket = folder / "draft.json", folder / "basket.json"
        rules.write_text(json.dumps(draft.to_json()))
        basket.write_text(json.dumps(BASKET))
        program = ("--program", self._slug, "--rules", str(rules))
        self._office.show(
            self._stage,
            "The owner thinks of two beans where there was one. What would a basket earn?",
            *("program", "preview", *program, "--basket", str(basket)),
        )
        self._office.show(
            self._stage,
            "And what would the last 90 days have cost?",
            *("program", "replay", *program, "--days", "90"),
        )
