"""What the gift page does when answers get lost: nothing is claimed twice, and nobody is left in the dark."""

import json
from datetime import timedelta

import pytest
from playwright.async_api import Route

from tests.web.browser.visiting import Visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

END_SESSIONS_SQL = """
    UPDATE sessions
    SET ended_at = $1, ended_because = 'revoked'
    WHERE customer_id IS NOT NULL AND ended_at IS NULL
"""

API = "**/graphql"


class Network:
    """Lets everything through but what it is told to break."""

    def __init__(self, operation: str, *, served: bool, times: int = 1) -> None:
        self.keys: list[str] = []
        self._operation = operation
        self._served = served
        self._left = times

    async def __call__(self, route: Route) -> None:
        said = json.loads(route.request.post_data or "{}")
        if said["operationName"] != self._operation:
            await route.continue_()
            return
        self.keys.append(said["variables"]["input"].get("idempotencyKey", ""))
        if not self._left:
            await route.continue_()
            return
        self._left -= 1
        if self._served:
            await route.fetch()
        await route.abort("connectionreset")


@pytest.mark.parametrize("served", [True, False], ids=["answer lost", "request lost"])
async def test_claim_without_an_answer_is_tried_again_by_one_press(visit: Visit, served: bool) -> None:
    # given a connection that breaks twice around the claim
    network = Network("claimGift", served=served, times=2)
    await visit.page.route(API, network)
    await visit.open()
    await visit.enter_code(await visit.ask_for_code())

    # when the person tries again
    for _ in range(2):
        await visit.page.get_by_text("The connection broke before we had an answer.").wait_for()
        await visit.press(f"Claim as {visit.recipient}")
    card = await visit.see_result()

    # then the gift came once, under one key
    assert "+200 beans" in card
    assert await visit.received() == [(visit.recipient, 200)]
    assert len(network.keys) == 3
    assert len(set(network.keys)) == 1


async def test_claim_without_an_answer_can_be_looked_into_after_a_reload(visit: Visit) -> None:
    # given a claim that was served, its answer lost, and the page loaded again
    network = Network("claimGift", served=True)
    await visit.page.route(API, network)
    await visit.open()
    await visit.enter_code(await visit.ask_for_code())
    await visit.page.get_by_text("The connection broke before we had an answer.").wait_for()
    await visit.page.reload()

    # when the same person presses once more
    await visit.page.get_by_text("Your last try to claim this gift got no answer. Try again").wait_for()
    assert await visit.page.get_by_text("This gift cannot be opened").is_hidden()
    await visit.press(f"Claim as {visit.recipient}")
    card = await visit.see_result()

    # then it is the same claim
    assert "+200 beans" in card
    assert await visit.received() == [(visit.recipient, 200)]
    assert len(set(network.keys)) == 1


async def test_claim_without_an_answer_can_be_looked_into_by_signing_in_again(visit: Visit) -> None:
    # given a claim that was served, its answer lost, and the session with it
    network = Network("claimGift", served=True)
    await visit.page.route(API, network)
    await visit.open()
    await visit.enter_code(await visit.ask_for_code())
    await visit.page.get_by_text("The connection broke before we had an answer.").wait_for()
    await visit.page.context.clear_cookies()
    await visit.page.reload()

    # when the same person signs in again
    await visit.page.get_by_text("Your last try to claim this gift got no answer. Sign in").wait_for()
    assert await visit.page.get_by_text("This gift cannot be opened").is_hidden()
    await visit.enter_code(await visit.ask_for_code())
    card = await visit.see_result()

    # then it is the same claim
    assert "+200 beans" in card
    assert await visit.received() == [(visit.recipient, 200)]
    assert len(set(network.keys)) == 1


@pytest.mark.parametrize("operation", ["requestSignInCode", "signIn"])
async def test_connection_that_breaks_before_the_claim_costs_one_more_press(visit: Visit, operation: str) -> None:
    await visit.page.route(API, Network(operation, served=False))
    await visit.open()
    if operation == "requestSignInCode":
        await visit.page.get_by_label("Your e-mail address").fill(visit.recipient)
        await visit.press("Send me a code")
        await visit.page.get_by_text("The connection broke. Please try again.").wait_for()
        assert await visit.focused() == "email"
    code = await visit.ask_for_code()
    await visit.enter_code(code)
    if operation == "signIn":
        await visit.page.get_by_text("The connection broke. Please try again.").wait_for()
        assert await visit.focused() == "code"
        await visit.press("Claim 200 beans")

    await visit.see_result()
    assert await visit.received() == [(visit.recipient, 200)]


async def test_sign_in_without_an_answer_leads_to_a_new_code(visit: Visit) -> None:
    # given a code that was used up by a sign-in whose answer was lost
    await visit.page.route(API, Network("signIn", served=True))
    await visit.open()
    await visit.enter_code(await visit.ask_for_code())
    await visit.page.get_by_text("The connection broke. Please try again.").wait_for()

    # when it is tried again, and then with a new code
    await visit.press("Claim 200 beans")
    await visit.page.get_by_text("This code does not work any more.").wait_for()
    await visit.press("Send a new code")
    await visit.enter_code(await visit.read_code(count=3))

    await visit.see_result()
    assert await visit.received() == [(visit.recipient, 200)]


async def test_session_that_ran_out_is_renewed_without_asking(visit: Visit) -> None:
    await visit.page.route(API, Network("claimGift", served=False))
    await visit.open()
    await visit.enter_code(await visit.ask_for_code())
    await visit.page.get_by_text("The connection broke before we had an answer.").wait_for()

    [before] = await visit.page.context.cookies()
    visit.live.clock.advance(timedelta(minutes=11))
    await visit.press(f"Claim as {visit.recipient}")

    await visit.see_result()
    [after] = await visit.page.context.cookies()
    assert after["value"] != before["value"]
    assert visit.asked.count("signIn") == 1
    assert await visit.received() == [(visit.recipient, 200)]


async def test_session_that_was_ended_leads_back_to_the_address(visit: Visit) -> None:
    # given somebody who is signed in, and signed out from elsewhere
    network = Network("claimGift", served=False)
    await visit.page.route(API, network)
    await visit.open()
    await visit.enter_code(await visit.ask_for_code())
    await visit.page.get_by_text("The connection broke before we had an answer.").wait_for()
    async with visit.live.runtime.pool.acquire() as conn:
        await conn.execute(END_SESSIONS_SQL, visit.live.clock())

    # when they claim
    await visit.press(f"Claim as {visit.recipient}")

    # then they sign in again, and it is the same claim
    await visit.page.get_by_text("You are signed out. Please sign in again.").wait_for()
    assert await visit.focused() == "email"
    assert await visit.received() == []
    await visit.enter_code(await visit.ask_for_code())
    await visit.see_result()
    assert await visit.received() == [(visit.recipient, 200)]
    assert len(set(network.keys)) == 1


async def test_session_is_kept_where_no_script_can_read_it(visit: Visit) -> None:
    # given somebody who signed in
    answers: list[str] = []

    async def read(route: Route) -> None:
        answer = await route.fetch()
        answers.append(await answer.text())
        await route.fulfill(response=answer)

    await visit.page.route(API, read)
    await visit.see_claimed()

    # then the one cookie is for the API alone, and nothing that scripts see has anything of it
    [cookie] = await visit.page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/graphql")
    kept = await visit.page.evaluate(
        "JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie, history.state, location.href])"
    )
    tokens = [part for part in cookie["value"].split(".") if len(part) > 20]
    assert len(tokens) > 2
    assert len(answers) > 3
    assert [token for token in tokens for text in (kept, *answers) if token in text] == []
