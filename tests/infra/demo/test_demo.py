"""The demo as a newcomer starts it: a process, a browserless visitor, and the whole main job against it."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.demo import camera
from infra.demo.shop import CURRENCY, REFUSED_EMAIL
from infra.demo.walkthrough import WalkStopped, walk_through
from infra.postgres.server import ephemeral
from tests.infra.commands import regulars_anew
from tests.infra.demo.visiting import visit_all
from wallet import qr
from web.pages.demo_steps import Step, steps

START_SECONDS = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def plain_environment() -> dict[str, str]:
    ours = ("REGULARS_", "DATABASE_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@asynccontextmanager
async def demo(data_dir: Path, port: int) -> AsyncIterator[httpx.AsyncClient]:
    """`regulars demo` runs until the block is left, and then ends by itself on SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from infra.cli import main; main()",
        "demo",
        f"--port={port}",
        f"--data-dir={data_dir}",
        env=plain_environment(),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            async with asyncio.timeout(START_SECONDS):
                while not await is_ready(http):
                    await asyncio.sleep(0.1)
            yield http
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def is_ready(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


def steps_for(facts: dict[str, Any]) -> tuple[Step, ...]:
    """What the demo's page suggests."""
    email, slug = facts["customers"][0]["email"], facts["programSlug"]
    return steps(email=email, refused_email=REFUSED_EMAIL, program_slug=slug, currency=CURRENCY)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder that the server's user can enter, wherever pytest keeps its own."""
    with ephemeral() as server:
        folder = server.data_dir / "demo"
        yield folder


async def test_the_whole_main_job_runs_and_survives_a_restart(data_dir: Path) -> None:
    port = free_port()
    said: list[str] = []
    # when
    async with demo(data_dir, port) as http:
        facts = (await http.get("/demo.json")).json()
        again = (await http.get("/demo.json")).json()
        visited = await visit_all(http, steps_for(facts))
        await asyncio.to_thread(walk_through, f"http://127.0.0.1:{port}", say=said.append)
        mails = (await http.get("/demo/mailbox.json")).json()
        moved = await http.post("/demo/clock", json={"advanceSeconds": 86_400})
        later = (await http.get("/demo.json")).json()["clock"]
        pages = [(await http.get(path)).status_code for path in ("/", "/demo", "/demo/mailbox", "/graphiql")]
    # then
    assert facts["programSlug"] == "monsoon-coffee"
    assert len(facts["customers"]) == 4
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{8}", facts["activationCode"])
    assert facts["activationCode"] != again["activationCode"]
    assert [found["__typename"] for found in visited.values()] == [
        "SignInCodeRequested",
        "SignedIn",
        "ProgramJoined",
        "CheckInCode",
        "TerminalActivated",
        "Visit",
        "SaleRecorded",
        "GiftSent",
        "GiftSent",
        "GiftResent",
        "GiftCancelled",
        "SaleRefunded",
    ]
    assert visited["resendGift"]["gift"]["recipientEmail"] == "joseph@example.com"
    assert {mail["to"] for mail in mails} >= {"latha@example.com", "joseph@example.com"}
    assert REFUSED_EMAIL not in {mail["to"] for mail in mails}
    assert any(REFUSED_EMAIL in sentence and "no such mailbox" in sentence for sentence in said)
    assert "all of it" in said[-1]
    assert_told(said)
    assert [sorted(mail) for mail in mails] == [["html", "subject", "text", "to"]] * len(mails)
    assert {mail["to"] for mail in mails} >= {"asha@example.com"}
    assert moved.status_code == 200
    assert later >= moved.json()["clock"]
    assert pages == [200, 200, 200, 200]
    # and when it is started again on the same data
    async with demo(data_dir, port) as http:
        after = (await http.get("/demo.json")).json()
    # then the clock has not gone back, and the shop was not opened twice
    assert after["clock"] >= later
    assert after["programSlug"] == facts["programSlug"]


def assert_told(said: list[str]) -> None:
    """The story goes through all that the product does, and what the commands of the owner found is in it."""
    story = "\n".join(said)
    for told in (
        "Your level depends on the beans you earned in the last 12 months.",
        "A code that was shown for earning spends nothing: To use a reward or a voucher",
        "A free coffee: ₹90 off line 2",
        "So the checkout that names the quote does nothing: Something has changed",
        "tier Silver",
        "became a voucher",
        "the voucher that paid one is USABLE again",
        "50 that had bought ₹25 off come back",
        "how its page and its mail will look: [200, 200]",
        "₹400 on gift card …",
        "The friend's app shows ₹600 on it again",
        "₹350 stay.",
        "Paul drinks tea and declines: DECLINED",
        "the money went back to the payer",
        "₹220 on gift card …",
        "minor units) on 3 gift cards",
        "Next time the number alone finds the card",
        "it cannot be undone twice: It has come back already.",
        "its 240 beans wait",
        "Anu at Till",
        "The card has 260 beans to spend, 0 wait.",
        "proved  The shop signed exactly this",
        "holds   every entry follows from the one before it",
        "which counts 2 times (Fresh from the oven)",
        "Members who gain points: ",
    ):
        assert told in story, told
    assert "broken" not in story


async def test_a_walk_without_a_demo_says_how_to_start_one() -> None:
    port = free_port()
    # when
    with pytest.raises(WalkStopped) as stopped:
        walk_through(f"http://127.0.0.1:{port}", say=print)
    done = await regulars_anew("demo", "--walkthrough", f"--port={port}", environment=plain_environment())
    # then
    assert str(stopped.value) == f"No demo answers at http://127.0.0.1:{port}. Start one with: make demo"
    assert (done.code, done.err.strip()) == (2, str(stopped.value))


async def test_a_taken_port_is_said_in_a_sentence(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        # when
        done = await regulars_anew("demo", f"--port={port}", f"--data-dir={data_dir}", environment=plain_environment())
    # then
    assert done.code == 2
    assert f"port {port}" in done.err
    assert "Traceback" not in done.err


def test_the_camera_reads_the_digits_from_the_picture() -> None:
    digits = "9" + "0123456789" * 21 + "1234567"
    assert camera.read(qr.svg(digits)) == digits


def test_an_empty_picture_shows_nothing() -> None:
    with pytest.raises(camera.NothingSeen):
        camera.read('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 49 49"></svg>')
