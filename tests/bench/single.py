"""What is measured one at a time: a QR code, a token, a document that is a bomb, the first request, and memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx
import psutil

from auth import access_tokens
from auth.access_tokens import Audience
from infra.clock import system_clock
from infra.demo import documents
from infra.mailbox import catch
from tests.bench.load import Request
from tests.bench.operations import Operation, codes
from tests.bench.stage import Stage
from tests.faults.processes import Api, Process, settings_of, worker
from tests.infra.edge.test_malformed_http import FRAGMENT_BOMB
from wallet import qr

TIMES = 300
WARM_TIMES = 50
MAILS = 20
BOMBS = 100


@dataclass(frozen=True, slots=True)
class Start:
    """How quickly a process that was just started is of use, and how quickly the same is done afterwards."""

    seconds: float
    first_ms: Mapping[str, float]
    later_ms: Mapping[str, float]


def qr_code_ms(stage: Stage) -> float:
    """Signing a check-in token and drawing it as SVG."""
    return median_ms(lambda: qr.svg(codes(stage, 1)[0]))


def access_token_us(stage: Stage) -> float:
    """Verifying an access token and reading who it is."""

    def verify() -> object:
        return access_tokens.verify(stage.ring, token=stage.terminal_token, audience=Audience.POS, now=system_clock())

    return median_ms(verify) * 1000


def median_ms(work: Callable[[], object]) -> float:
    took = []
    for _ in range(TIMES):
        began = perf_counter()
        work()
        took.append(perf_counter() - began)
    return median(took) * 1000


async def start(stage: Stage, folder: Path, chosen: Mapping[str, Operation]) -> Start:
    """Starts an API process that nobody has asked anything yet, and asks."""
    served = Api(settings_of(REGULARS_DATA_DIR=str(stage.data_dir)), folder, ())
    began = perf_counter()
    try:
        await served.start()
        seconds = perf_counter() - began
        first, later = {}, {}
        async with httpx.AsyncClient(base_url=served.base_url, trust_env=False) as http:
            await http.get("/healthz")
            for name, operation in chosen.items():
                requests = operation.ask(stage, 1 + WARM_TIMES)
                took = [
                    await asked_ms(http, requests[n % len(requests)], operation.expects) for n in range(1 + WARM_TIMES)
                ]
                first[name], later[name] = took[0], median(took[1:])
    finally:
        if served.process is not None:
            served.process.child.terminate()
            await served.process.ended()
    return Start(seconds, first, later)


async def asked_ms(http: httpx.AsyncClient, request: Request, expects: str) -> float:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {request.token}"}
    began = perf_counter()
    answer = await http.post(request.path, content=request.fresh_body(), headers=headers)
    took = (perf_counter() - began) * 1000
    assert expects in answer.text, answer.text
    return took


async def bombs_ms(port: int) -> list[float]:
    """How long it took to refuse ninety fragments of which each spreads the next one twice, each time they came."""
    took = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        for _ in range(BOMBS):
            began = perf_counter()
            answer = await http.post("/graphql", json={"query": FRAGMENT_BOMB})
            took.append((perf_counter() - began) * 1000)
            assert "QUERY_TOO_COMPLEX" in answer.text, answer.text
    return took


async def worker_memory_mb(stage: Stage, folder: Path, port: int) -> float:
    """Of a worker that has sent some mails."""
    async with catch() as mailbox:
        settings = settings_of(REGULARS_DATA_DIR=str(stage.data_dir), smtp_port=mailbox.port)
        async with (
            worker(settings, folder / "worker.log") as process,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
        ):
            for n in range(MAILS):
                given = {"input": {"email": f"reader{n}@example.com"}}
                answer = await http.post("/graphql", json={"query": documents.REQUEST_CODE, "variables": given})
                assert "SignInCodeRequested" in answer.text, answer.text
            for n in range(MAILS):
                await mailbox.wait_for(f"reader{n}@example.com")
            return memory_mb(process)


def memory_mb(process: Process) -> float:
    """Resident set size, in megabytes of 10^6 bytes."""
    return float(psutil.Process(process.child.pid).memory_info().rss) / 1e6
