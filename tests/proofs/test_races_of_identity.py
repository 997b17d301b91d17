"""Signing in, staying signed in, activating a till and joining, raced for over HTTP: what is good once is good once."""

from datetime import timedelta
from functools import partial

import pytest

from auth import terminals
from tests.factories import Shop
from tests.journeys import Scene, mailed_code, new_key, open_shop, signed_in, till
from tests.proofs import documents as say
from tests.proofs.racing import Size, Tally, assert_lawful, counts, race, sizes

LIVE_SESSIONS_SQL = "SELECT count(*) FROM sessions WHERE ended_at IS NULL"


@pytest.fixture
async def shop(scene: Scene) -> Shop:
    return await open_shop(scene)


async def live_sessions(scene: Scene) -> int:
    async with scene.live.runtime.pool.acquire() as conn:
        return int(await conn.fetchval(LIVE_SESSIONS_SQL))


async def activation_code(scene: Scene, shop: Shop) -> str:
    runtime = scene.live.runtime
    async with runtime.pool.acquire() as conn, conn.transaction():
        return await terminals.new_activation_code(
            conn, box=runtime.box, merchant_id=shop.merchant_id, terminal_id=shop.terminal_id, now=scene.now
        )


@sizes(10)
async def test_one_sign_in_code_signs_in_once(scene: Scene, size: Size, capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally("sign-ins with one code")
    for n in range(1, size.rounds + 1):
        given = await mailed_code(scene, f"customer-{n}@example.com")
        answers = await race([partial(scene.customers_api().do, say.SIGN_IN, given)] * size.racers)
        assert tally.add(answers) == {"SignedIn": 1, "SignInCodeRejected": size.racers - 1}
        assert await counts(scene, "customers", "refresh_tokens") == {"customers": n, "refresh_tokens": n}
        assert await live_sessions(scene) == n
    tally.print(capsys)


@sizes(10)
async def test_five_guesses_are_five_however_many_race(
    scene: Scene, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("guesses of a sign-in code")
    for n in range(1, size.rounds + 1):
        # given
        given = await mailed_code(scene, f"customer-{n}@example.com")
        wrong = {**given, "code": f"{(int(given['code']) + 1) % 10**6:06d}"}
        # when
        answers = await race([partial(scene.customers_api().do, say.SIGN_IN, wrong)] * size.racers)
        # then: after five tries the right code is refused too
        assert tally.add(answers) == {"SignInCodeRejected": size.racers}
        right = await scene.customers_api().do(say.SIGN_IN, given)
        assert right["__typename"] == "SignInCodeRejected"
    assert await counts(scene, "sessions", "customers") == {"sessions": 0, "customers": 0}
    tally.print(capsys)


@sizes(10)
async def test_one_activation_code_activates_one_device(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("activations with one code")
    for n in range(1, size.rounds + 1):
        # given: the wrong codes of the last round are forgotten
        scene.live.clock.advance(timedelta(minutes=11))
        given = {"activationCode": await activation_code(scene, shop), "deviceName": "Till"}
        # when
        answers = await race([partial(scene.tills_api().do, say.ACTIVATE, given)] * size.racers)
        # then: ten wrong ones are counted, and who comes later is told to wait
        assert tally.add(answers) == {
            "TerminalActivated": 1,
            "ActivationCodeRejected": 10,
            "TooManyAttempts": size.racers - 11,
        }
        assert await counts(scene, "refresh_tokens") == {"refresh_tokens": n}
        assert await live_sessions(scene) == 1
    tally.print(capsys)


@pytest.mark.parametrize("of_a_till", [False, True], ids=["customer", "till"])
@sizes(10)
async def test_one_refresh_token_has_one_successor(
    scene: Scene, shop: Shop, size: Size, of_a_till: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Answers get lost on the way to a phone: who asks again within seconds gets the same token, not another one."""
    tally = Tally(f"refreshes with one token of a {'till' if of_a_till else 'customer'}")
    owner = await till(scene, shop) if of_a_till else await signed_in(scene)
    api, document = (scene.tills_api(), say.REFRESH_TILL) if of_a_till else (scene.customers_api(), say.REFRESH)
    before, token = await counts(scene, "refresh_tokens"), owner.tokens.refresh
    for n in range(1, size.rounds + 1):
        answers = await race([partial(api.do, document, {"refreshToken": token})] * size.racers)
        assert tally.add(answers) == {"SessionRefreshed": size.racers}
        [successor] = {answer["tokens"]["refreshToken"] for answer in answers}
        assert successor != token
        assert await counts(scene, "refresh_tokens") == {"refresh_tokens": before["refresh_tokens"] + n}
        token = successor
    # and the token before the last one, which has been succeeded, ends the session for all
    scene.live.clock.advance(timedelta(seconds=11))
    ended = await race([partial(api.do, document, {"refreshToken": owner.tokens.refresh})] * size.racers)
    assert {answer["__typename"] for answer in ended} == {"SessionEnded"}
    assert (await api.do(document, {"refreshToken": token}))["__typename"] == "SessionEnded"
    tally.print(capsys)


@sizes(10)
async def test_a_customer_who_joins_many_times_at_once_has_one_card(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("joins of one customer, half with one key and half with others")
    for n in range(1, size.rounds + 1):
        # given
        newcomer, key = await signed_in(scene), new_key()
        keys = [key if i % 2 else new_key() for i in range(size.racers)]
        # when
        answers = await race(
            [partial(newcomer.app.do, say.JOIN, {"programSlug": shop.slug, "idempotencyKey": k}) for k in keys]
        )
        # then: one card, and those with the key that made it, and no others, are new members
        assert tally.add(answers) == {"ProgramJoined": size.racers}
        assert len({answer["card"]["id"] for answer in answers}) == 1
        new = {k for k, answer in zip(keys, answers, strict=True) if not answer["alreadyMember"]}
        told = [k for k, answer in zip(keys, answers, strict=True) if not answer["alreadyMember"]]
        assert len(new) == 1
        assert len(told) == keys.count(new.pop())
        assert await counts(scene, "cards", "card_directory", "accounts") == {
            "cards": n,
            "card_directory": n,
            "accounts": 3 + 2 * n,
        }
    await assert_lawful(scene)
    tally.print(capsys)
