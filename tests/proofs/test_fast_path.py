"""The application with REGULARS_FAST_PATH off: slower, and with the same answers to the byte."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from infra.app import create_app
from tests.journeys import (
    Member,
    Scene,
    Till,
    basket,
    claim_of,
    gift_of,
    member,
    new_key,
    open_reward,
    open_shop,
    open_visit,
    show_code,
    till,
)
from tests.live import Caller
from tests.proofs import documents as say
from wallet.rules import Bonuses, Rules, TierLevel, TierRules
from wallet.values import Points

RULES = Rules(
    pending_days=1,
    expiry_months=12,
    bonuses=Bonuses(joining=Points(5)),
    tiers=TierRules((TierLevel("Silver", 5, 125),)),
)
REPLAYED = (b'"replayed":false', b'"replayed":true')


class Both:
    """Asks the application with short ways and the one without, one after the other, and compares what they say."""

    def __init__(self, fast: httpx.AsyncClient, stock: httpx.AsyncClient, *, fast_first: bool) -> None:
        self._first, self._second = (fast, stock) if fast_first else (stock, fast)
        self.asked = 0

    async def ask(self, caller: Caller, document: str, given: dict[str, Any], *, language: str = "en") -> bytes:
        """What both answered. A mutation is repeated with its key, so the second one says that it was done before."""
        answers = []
        for http in (self._first, self._second):
            found = await Caller(http, caller.path, caller.token, language).post(document, given)
            answers.append((found.status_code, found.content.replace(*REPLAYED)))
        self.asked += 1
        assert answers[0] == answers[1]
        return answers[0][1]

    async def do(self, caller: Caller, document: str, given: dict[str, Any], kind: str) -> None:
        """A mutation whose result, of both, is of that type."""
        told = await self.ask(caller, document, {"input": given})
        assert f'"__typename":"{kind}"'.encode() in told


@pytest.fixture
async def stock(scene: Scene) -> AsyncIterator[httpx.AsyncClient]:
    """The same application, of the same parts, with the setting off."""
    runtime = scene.live.runtime
    slow = replace(runtime, settings=runtime.settings.model_copy(update={"fast_path": False}))
    transport = httpx.ASGITransport(create_app(slow))
    async with httpx.AsyncClient(base_url=scene.live.base_url, transport=transport) as http:
        yield http


async def look_around(both: Both, owner: Member, at: Till, now: Any) -> None:
    """Everything that can be read, in two languages."""
    for language in ("en", "hi"):
        for document, given in (
            (say.HOME, {}),
            (say.WALLET, {}),
            (say.PAGE, {"id": owner.card, "first": 3}),
            (say.PAGE, {"id": owner.card, "first": 3, "after": "x"}),
            (say.PAGE, {"id": owner.card, "first": 1_000}),
            (say.PAGE, {"id": owner.card, "first": "3"}),
            (say.PAGE, {"first": 3}),
            (say.REST, {"id": owner.card}),
            (say.NODE, {"id": owner.card}),
            (say.NODE, {"id": "nothing"}),
            (say.PROGRAM, {"slug": "none"}),
            (
                say.TAKE_AWAY,
                {
                    "id": owner.card,
                    "then": (now + timedelta(days=3)).isoformat(),
                    "from": (now - timedelta(days=3)).isoformat(),
                    "to": (now + timedelta(days=3)).isoformat(),
                },
            ),
        ):
            await both.ask(owner.app, document, given, language=language)
        for document, given in ((say.TERMINAL, {}), (say.SALE_OF, {"receipt": "R-1"}), (say.SALE_OF, {})):
            await both.ask(at.pos, document, given, language=language)


@pytest.mark.parametrize("fast_first", [True, False], ids=["fast-first", "stock-first"])
async def test_a_whole_journey_is_answered_alike(scene: Scene, stock: httpx.AsyncClient, fast_first: bool) -> None:
    # given
    both = Both(scene.http, stock, fast_first=fast_first)
    shop = await open_shop(scene, rules=RULES)
    owner, at = await member(scene, shop, points=90), await till(scene, shop)
    reward = await open_reward(scene, shop, cost_points=9, stock=2)
    visit = await open_visit(scene, owner, at)
    sale = {**basket(), "customer": {"visitId": visit}}
    # when: what a phone and a till do, and what they do wrong
    await both.do(owner.app, say.UPDATE, {"name": "Asha"}, "ProfileUpdated")
    await both.ask(at.pos, say.QUOTE, {"input": sale})
    await both.do(at.pos, say.CHECKOUT, {"sale": sale, "idempotencyKey": new_key()}, "SaleRecorded")
    by_code = {**basket(receipt="R-2"), "customer": {"code": await show_code(scene, owner)}}
    await both.do(at.pos, say.CHECKOUT, {"sale": by_code, "idempotencyKey": new_key()}, "SaleRecorded")
    await both.do(at.pos, say.CHECKOUT, {"sale": by_code, "idempotencyKey": new_key()}, "CodeAlreadyUsed")
    for wrong in (
        {**sale, "currency": "EUR"},
        {**sale, "lines": []},
        {**sale, "customer": {"code": "1234567890"}},
        {**sale, "lines": [{"lineId": "1", "amountMinor": -1}]},
    ):
        await both.ask(at.pos, say.CHECKOUT, {"input": {"sale": wrong, "idempotencyKey": new_key()}})
    for unreadable in (
        {**sale, "customer": {"visitId": visit, "code": "1"}},
        {**sale, "customer": {}},
        {**sale, "lines": [{"lineId": "1", "amountMinor": "1"}]},
        {**sale, "lines": {"lineId": "1", "amountMinor": 1, "kind": "GOLD"}},
        {**sale, "occurredAt": "yesterday", "more": 1},
    ):
        told = await both.ask(at.pos, say.CHECKOUT, {"input": {"sale": unreadable, "idempotencyKey": "no key"}})
        assert b'"BAD_USER_INPUT"' in told
    await both.do(owner.app, say.CLAIM_REWARD, claim_of(owner, reward), "RewardClaimed")
    await both.do(owner.app, say.SEND_GIFT, gift_of(owner, 9), "GiftSent")
    await both.do(owner.app, say.SEND_GIFT, gift_of(owner, 9_999), "InsufficientPoints")
    await both.ask(Caller(scene.http, "/graphql"), say.HOME, {})
    await both.ask(Caller(scene.http, "/graphql", "no token"), say.HOME, {})
    await look_around(both, owner, at, scene.now)
    # then
    assert both.asked == 49
