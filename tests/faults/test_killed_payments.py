"""kill -9 at every statement of send, pay, activate and pay back, of whichever process is at work.

In the end, by nothing but what a worker does by itself, each payment is in one of the allowed places: paid and sent,
sent back, or never charged. None is charged and lost.
"""

import asyncio
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.database import Database
from tests.factories import Shop, make_card, make_customer, make_shop
from tests.faults.killing import KillingProxy, killing_proxy_to
from tests.faults.processes import Api, Process, Settings, audit, free_port, settings_of, spawn, stop
from tests.faults.proxy import Cut
from tests.wallet.payments.scenes import Paying, end, gift_card, gift_status, make_paying, now_is
from wallet import payments
from wallet.database import Conn
from wallet.payments import PaymentState

OF_THE_WORKER = 60
"""So many statements cover what a worker does about one payment, and what it does besides meanwhile."""
OF_THE_API = 30
OF_THE_SENDER = 40

REF_SQL = "SELECT ref FROM builtin_payments WHERE key = $1"
BANK_SQL = "SELECT state, refunded_minor FROM builtin_payments WHERE key = $1"
JOBS_ARE_DUE_SQL = """
    UPDATE outbox SET locked_until = NULL, run_at = $2
    WHERE payload ->> 'paymentId' = $1 AND (run_at > $2 OR locked_until IS NOT NULL)
"""
LOOK_IS_DUE_SQL = "UPDATE payments SET look_at = $2 WHERE payment_id = $1 AND look_at > $2"
JOBS_SQL = "SELECT count(*) FROM outbox WHERE payload ->> 'paymentId' = $1"
MESSAGES_ARE_LOST_SQL = "DELETE FROM outbox WHERE topic = 'payment.webhook'"
SENT_SQL = "SELECT payment_id FROM payments WHERE merchant_id = $1 ORDER BY payment_id"
STRANGE_SQL = """
    SELECT count(*)
    FROM builtin_payments AS b
    LEFT JOIN payments AS p ON p.payment_id::text = b.key
    WHERE p.payment_id IS NULL
       OR NOT CASE b.state
           WHEN 'PAID' THEN p.state = 'PAID' AND b.refunded_minor = 0
                            OR p.state = 'REFUNDED' AND b.refunded_minor = b.amount_minor
           WHEN 'DECLINED' THEN p.state = 'FAILED'
           WHEN 'CANCELLED' THEN p.state = 'CANCELLED'
           ELSE p.state IN ('CREATED', 'PENDING')
           END
"""


@dataclass(slots=True)
class Town:
    """A shop, the API and a worker of which one talks to PostgreSQL by way of a proxy that kills it."""

    conn: Conn
    shop: Shop
    api: Api
    proxy: KillingProxy
    folder: Path
    worker_settings: Settings
    worker: Process | None = None
    kills: int = 0
    ends: Counter[str] = field(default_factory=Counter)

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def start_worker(self) -> Process:
        output = self.folder / f"worker-{self.kills}-{random.randrange(10**9)}.log"
        self.worker = spawn("worker", settings=self.worker_settings, output=output)
        await self.worker.event("working")
        return self.worker

    async def press(self, paying: Paying, choice: str) -> None:
        """Clicks, and does not learn what became of it if the API dies."""
        ref = await self.conn.fetchval(REF_SQL, str(paying.payment.payment_id))
        try:
            async with httpx.AsyncClient(base_url=self.api.base_url, trust_env=False, timeout=30) as http:
                await http.post(f"/pay/{ref}", data={"choice": choice})
        except httpx.TransportError:
            return

    async def hurry(self, paying: Paying) -> None:
        """What a lease or a pause makes wait for this payment is due, as it would be later."""
        then, payment_id = self.now() - timedelta(seconds=1), paying.payment.payment_id
        await self.conn.execute(JOBS_ARE_DUE_SQL, str(payment_id), then)
        if await self.conn.fetchval(JOBS_SQL, str(payment_id)) == 0:
            await self.conn.execute(LOOK_IS_DUE_SQL, payment_id, then)

    async def until_state(self, paying: Paying, *states: PaymentState) -> PaymentState:
        """How the payment ends, by what the worker does; what waits is hurried."""
        deadline = asyncio.get_running_loop().time() + 60
        while True:
            found = (await now_is(self.conn, paying)).state
            if found in states:
                return found
            assert asyncio.get_running_loop().time() < deadline, (found, states)
            await asyncio.sleep(0.2)
            await self.hurry(paying)

    async def dead(self, process: Process) -> None:
        assert await process.ended() == -9
        self.kills += 1


@asynccontextmanager
async def town_of(database: Database, conn: Conn, folder: Path, *, victim: str) -> AsyncIterator[Town]:
    port = free_port()
    async with killing_proxy_to(database.dsn) as proxy:
        straight = settings_of(
            database, REGULARS_PAYMENTS="builtin", REGULARS_PUBLIC_BASE_URL=f"http://127.0.0.1:{port}"
        )
        killing = {**straight, "DATABASE_URL": proxy.dsn}
        shop = await make_shop(conn, now=datetime.now(UTC))
        api = Api(killing if victim == "api" else straight, folder, (), port=port)
        town = Town(conn, shop, api, proxy, folder, killing if victim == "worker" else straight)
        try:
            await api.start()
            yield town
        finally:
            for process in (api.process, town.worker):
                if process is not None:
                    await stop(process)


async def started(town: Town) -> Paying:
    """A payment that the bank knows, and waits for its payer."""
    paying = await make_paying(town.conn, shop=town.shop, provider="builtin", now=town.now())
    await town.hurry(paying)
    await town.until_state(paying, PaymentState.PENDING)
    return paying


async def assert_nothing_is_lost(database: Database, town: Town) -> None:
    """What the bank has taken is sent or is back, and every law holds."""
    assert await town.conn.fetchval(STRANGE_SQL) == 0
    await audit(settings_of(database))


def cuts(statements: int) -> list[tuple[int, Cut]]:
    return [(statement, where) for statement in range(1, statements + 1) for where in Cut]


def chosen(count: int | None, found: list[tuple[int, Cut]]) -> list[tuple[int, Cut]]:
    """All, or some that are other ones in each run."""
    return found if count is None else random.sample(found, count)


SHARES = [pytest.param(2, id="some"), pytest.param(None, id="all", marks=pytest.mark.soak)]


@pytest.mark.parametrize("count", SHARES)
async def test_worker_killed_at_any_statement_pays_and_pays_back_once(
    database: Database, conn: Conn, tmp_path: Path, count: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    async with town_of(database, conn, tmp_path, victim="worker") as town:
        victim = await town.start_worker()
        at_each = [(statement, random.choice(list(Cut))) for statement in range(1, OF_THE_WORKER + 1)]
        for statement, where in chosen(count, at_each):
            paying = await started(town)

            # when the worker dies on the way from the click to the gift; and every other time the bank's message was
            # lost, so that it is a look of the worker's that finds out
            victim.child.send_signal(signal.SIGSTOP)
            await town.press(paying, "approve")
            if statement % 2:
                await conn.execute(MESSAGES_ARE_LOST_SQL)
                await town.hurry(paying)
            town.proxy.kill_at(statement, where, victim.child.kill)
            victim.child.send_signal(signal.SIGCONT)
            await town.dead(victim)
            victim = await town.start_worker()
            await town.until_state(paying, PaymentState.PAID)
            assert await gift_status(conn, paying) in ("SCHEDULED", "SENT", "BOUNCED")
            assert await gift_card(conn, paying) == ("ACTIVE", paying.payment.amount.amount_minor)

            # when it dies on the way back
            town.proxy.kill_at(statement, where, victim.child.kill)
            await end(conn, paying, now=town.now())
            await town.dead(victim)
            victim = await town.start_worker()
            await town.until_state(paying, PaymentState.REFUNDED)
            assert await gift_card(conn, paying) == ("DEACTIVATED", 0)
            town.ends["paid, sent and paid back"] += 1
        await assert_nothing_is_lost(database, town)
    report(capsys, "worker", town)


@pytest.mark.parametrize("count", SHARES)
async def test_api_killed_at_any_statement_loses_no_money(
    database: Database, conn: Conn, tmp_path: Path, count: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    async with town_of(database, conn, tmp_path, victim="api") as town:
        await town.start_worker()
        for statement, where in chosen(count, cuts(OF_THE_API)):
            paying = await started(town)

            # when the API dies as it takes the click, or the message that the click leads to
            victim = town.api.running
            town.proxy.kill_at(statement, where, victim.child.kill)
            choice = random.choice(["approve", "approve", "decline"])
            while victim.child.poll() is None:
                await town.press(paying, choice)
                await asyncio.sleep(0.02)
            await town.dead(victim)
            await town.api.start()

            # then the payer clicks again, and it is what it would have been
            await town.press(paying, choice)
            ended = await town.until_state(paying, PaymentState.PAID if choice == "approve" else PaymentState.FAILED)
            assert await gift_status(conn, paying) != "AWAITING_PAYMENT"
            assert (await gift_card(conn, paying) is not None) == (ended is PaymentState.PAID)
            town.ends[ended.value] += 1
        await assert_nothing_is_lost(database, town)
    report(capsys, "API", town)


@pytest.mark.parametrize("count", SHARES)
async def test_sender_killed_at_any_statement_is_charged_for_nothing_or_for_a_gift(
    database: Database, conn: Conn, tmp_path: Path, count: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    async with town_of(database, conn, tmp_path, victim="sender") as town:
        settings = {**town.worker_settings, "DATABASE_URL": town.proxy.dsn}
        sender = await make_customer(conn, now=town.now())
        card_id = await make_card(conn, town.shop, sender, now=town.now())
        who = [str(each) for each in (town.shop.merchant_id, town.shop.program_id, sender, card_id)]
        for statement, where in chosen(count, cuts(OF_THE_SENDER)):
            # when a process dies as it makes a gift and has the bank know of its payment
            process = spawn_waiting([sys.executable, "-m", "tests.faults.sender", *who], settings, tmp_path)
            await process.event("working")
            town.proxy.kill_at(statement, where, process.child.kill)
            assert process.child.stdin is not None
            process.child.stdin.write(b"\n")
            process.child.stdin.close()
            code = await process.ended()
            town.proxy.disarm()
            town.kills += code == -9
            assert code in (0, -9), process.said()

        # then what was begun is known to the bank, once, as soon as somebody has looked
        await town.start_worker()
        for row in await conn.fetch(SENT_SQL, town.shop.merchant_id):
            payment = await payments.find(conn, merchant_id=town.shop.merchant_id, payment_id=row["payment_id"])
            assert payment is not None
            paying = Paying(town.shop, sender, card_id, payment.gift_id, payment)
            await town.until_state(paying, PaymentState.PENDING)
            await town.press(paying, "approve")
            await town.until_state(paying, PaymentState.PAID)
            town.ends["begun, and paid"] += 1
        await assert_nothing_is_lost(database, town)
    report(capsys, "sender", town)


def spawn_waiting(command: list[str], settings: Settings, folder: Path) -> Process:
    """A process that waits for a line."""
    output = folder / f"sender-{random.randrange(10**9)}.log"
    with output.open("wb") as written:
        child = subprocess.Popen(
            command, env=dict(settings), stdin=subprocess.PIPE, bufsize=0, stdout=written, stderr=subprocess.STDOUT
        )
    return Process(child, output)


def report(capsys: pytest.CaptureFixture[str], victim: str, town: Town) -> None:
    with capsys.disabled():
        ends = ", ".join(f"{count} {what}" for what, count in sorted(town.ends.items()))
        sys.stdout.write(f"\nkill -9 of the {victim} while money moves: {town.kills} kills; {ends}\n")
