"""A busy town: few members, four tills and a handful of rewards, so that all who call are in each other's way."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.factories import Shop
from tests.journeys import (
    Member,
    Scene,
    Till,
    device_of,
    member,
    new_key,
    open_gift_card,
    open_reward,
    open_shop,
    open_store,
    phone_of,
    till,
)
from tests.live import Caller
from tests.proofs.lives.world import some_rules
from tests.proofs.racing import Answer
from wallet.rules import GiftRules, Rules
from wallet.values import Minor, Points, RewardKind

MEMBERS = 6
SIGNED_IN_FOR = timedelta(minutes=5)
MOVES_MAX = 40
KEPT = 60
"""So many of what was made lately can be named again."""

REFUSALS: dict[str, set[str]] = {
    "joinProgram": set(),
    "scan": {"CodeExpired", "CodeAlreadyUsed", "TooManyAttempts"},
    "quote": {"NotFound", "CodeExpired", "CodeAlreadyUsed", "RewardUnavailable", "VoucherNotUsable",
              "InsufficientPoints", "RedeemCodeNeeded", "GiftCardNotUsable", "InsufficientValue", "InvalidInput"},
    "checkout": {"NotFound", "CodeExpired", "CodeAlreadyUsed", "RewardUnavailable", "VoucherNotUsable",
                 "InsufficientPoints", "RedeemCodeNeeded", "QuoteChanged", "GiftCardNotUsable", "InsufficientValue",
                 "InvalidInput"},
    "settleOffline": {"CodeExpired", "InvalidInput"},
    "refund": {"NotFound", "LineAlreadyRefunded", "InvalidInput"},
    "enrol": {"TooManyAttempts"},
    "enrolByPhone": {"TooManyAttempts"},
    "lookUp": {"NotFound", "TooManyAttempts"},
    "claimReward": {"InsufficientPoints", "RewardUnavailable"},
    "cancelVoucher": {"VoucherNotUsable"},
    "sendGift": {"InsufficientPoints", "GiftLimitReached", "RewardUnavailable"},
    "declineGift": {"GiftNotClaimable"},
    "transferGiftCardBalance": {"GiftCardNotUsable", "InsufficientValue"},
    "cancelGift": {"GiftNotOpen"},
    "claimGift": {"GiftNotClaimable"},
    "setBirthday": {"BirthdayAlreadySet"},
}  # fmt: skip
"""What each may be answered in place of what was asked for. A key that is not one's own is not among it, nor is
anything that no type stands for.
"""

NEVER = {"IdempotencyKeyReused", "CodeInvalid", "SessionEnded", "OperatorUnknown"}
REFUSED = set[str]().union(*REFUSALS.values()) | NEVER


@dataclass(frozen=True, slots=True)
class Asked:
    """What was done under a key, and by whom: it may be asked for again, and gives what has this id."""

    who: Member | Till
    document: str
    given: dict[str, Any]
    kind: str
    named: str
    made: object


@dataclass
class Town:
    """Everything that those who call can name. `answers` counts what they got, by operation."""

    scene: Scene
    shop: Shop
    tills: list[Till]
    members: list[Member]
    rewards: list[str]
    rng: random.Random
    vouchers: list[tuple[Member, str]] = field(default_factory=list)
    visits: list[tuple[Till, str]] = field(default_factory=list)
    codes: list[tuple[str, datetime]] = field(default_factory=list)
    quotes: list[tuple[Till, dict[str, Any], str]] = field(default_factory=list)
    sales: list[tuple[Till, str, list[str]]] = field(default_factory=list)
    gifts: list[tuple[Member, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    operations: int = 0
    half_days: int = 0
    callers: dict[str, tuple[datetime, Caller]] = field(default_factory=dict)

    def counted(self, what: str) -> None:
        self.operations += 1
        self.answers[what] += 1

    async def look(self, who: Member | Till, document: str, variables: dict[str, Any]) -> Answer:
        """The data of one call. Whoever's token ran out, because a day went by, signs in anew and asks again."""
        for _ in range(MOVES_MAX):
            response = await (await self._caller(who)).post(document, variables)
            body = response.json()
            codes = [error["extensions"]["code"] for error in body.get("errors", [])]
            if codes == ["UNAUTHENTICATED"]:
                self.callers.pop(_name(who), None)
                continue
            assert response.status_code == 200, (response.status_code, body)
            assert codes == [], (document, variables, body)
            return dict(body["data"])
        raise AssertionError("time goes by too fast")

    async def ask(self, who: Member | Till, document: str, given: dict[str, Any]) -> Answer:
        """What a mutation answers: what was asked for, or a refusal that this mutation may give."""
        [(operation, answer)] = (await self.look(who, document, {"input": given})).items()
        for each in answer.get("results", [answer]):
            kind = each["__typename"]
            self.counted(f"{operation}: {kind}")
            assert kind not in REFUSED or kind in REFUSALS[operation], (operation, given, answer)
        return dict(answer)

    async def keyed(self, who: Member | Till, document: str, given: dict[str, Any], named: str) -> Answer:
        """As `ask`, for what has a key: sometimes sent twice at once, and kept to be sent again."""
        given = {**given, "idempotencyKey": new_key()}
        times = 2 if self.rng.random() < 0.1 else 1
        answers = await asyncio.gather(*(self.ask(who, document, given) for _ in range(times)))
        made = [answer for answer in answers if named in answer and answer["__typename"] not in REFUSED]
        for answer in made:
            assert identified(answer, named) == identified(made[0], named), (document, given)
            keep(self.asked, Asked(who, document, given, answer["__typename"], named, identified(answer, named)))
        return made[0] if made else answers[0]

    async def again(self) -> None:
        """Something that was done is asked for again, by whoever did it, however long ago."""
        if self.asked:
            old = self.rng.choice(self.asked)
            answer = await self.ask(old.who, old.document, old.given)
            assert (answer["__typename"], identified(answer, old.named)) == (old.kind, old.made), old

    async def _caller(self, who: Member | Till) -> Caller:
        until, caller = self.callers.get(_name(who), (None, None))
        if until is None or caller is None or until <= self.scene.now:
            until = self.scene.now + SIGNED_IN_FOR
            if isinstance(who, Member):
                caller = (await phone_of(self.scene, who.person.customer_id, who.person.email)).app
            else:
                caller = (await device_of(self.scene, who.merchant_id, who.terminal_id)).pos
            self.callers[_name(who)] = (until, caller)
        return caller


async def found(scene: Scene, seed: int) -> Town:
    """A shop with two stores of two tills each, rewards of every kind, and its first members."""
    rng = random.Random(seed)
    shop = await open_shop(scene, rules=rules_of_the_day(rng))
    other = await open_store(scene, shop)
    tills = [await till(scene, shop, store_id=store) for store in (shop.store_id, other) for _ in range(2)]
    off, percent, perk = RewardKind.AMOUNT_OFF, RewardKind.PERCENT_OFF, RewardKind.PERK
    rewards = [
        await open_reward(scene, shop, slug="off", kind=off, amount_minor=Minor(130), cost_points=3, stock=9),
        await open_reward(scene, shop, slug="tenth", kind=percent, percent=10, cost_points=2, per_member=5),
        await open_reward(scene, shop, slug="bread", cost_points=7, categories=("bread",), stock=2),
        await open_reward(scene, shop, slug="tasting", kind=perk, cost_points=4, voucher_days=1),
        await open_reward(scene, shop, slug="free-coffee", categories=("coffee",), cost_stamps=2, stock=5),
        await open_reward(scene, shop, slug="free-loaf", cost_stamps=1, voucher_days=3),
    ]
    members = [await member(scene, shop, points=20) for _ in range(MEMBERS)]
    for owner in members:
        for amount in (2_000, 900):
            await open_gift_card(scene, shop.merchant_id, shop.program_id, owner.person.customer_id, amount)
    return Town(scene, shop, tills, members, rewards, rng)


def rules_of_the_day(rng: random.Random) -> Rules:
    validity = rng.choice((None, 14))
    gifts = GiftRules(min_points=Points(1), per_day=200, value_min_minor=Minor(1), validity_months=validity)
    return replace(some_rules(rng), gifts=gifts)


def keep(kept: list[Any], made: Any) -> None:
    """As the newest of a few."""
    kept.append(made)
    if len(kept) > KEPT:
        kept.pop(0)


def identified(answer: Answer, named: str) -> object:
    made = answer[named]
    return made["id"] if isinstance(made, dict) else made


def _name(who: Member | Till) -> str:
    return str(who.card_id if isinstance(who, Member) else who.terminal_id)
