"""Runs the application under uvicorn, and the worker, until a signal ends them; what was begun is finished."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

import prometheus_client
import structlog
import uvicorn
import uvloop
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from infra import documents
from infra import settings as environment
from infra.app import create_app
from infra.clock import Clock
from infra.edge.logs import configure_logging
from infra.runtime import Runtime, running, worker_of
from infra.settings import Settings, SettingsError

GRACE_SECONDS = 10
KEEP_ALIVE_SECONDS = 65
"""A little more than the minute after which proxies close an idle connection, so that they are the ones who do."""
MESSAGE_BYTES_MAX = 64 * 1024
BACKLOG = 2048
OBJECTS_BETWEEN_LOOKS = 50_000
"""More than a hundred requests hold at once; some 10 MB if all of them were garbage."""

log = structlog.get_logger(__name__)


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: those end the process before the database is closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(work: Coroutine[Any, Any, None]) -> None:
    """Runs it to its end on the fast event loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


async def serve(settings: Settings, clock: Clock, *, with_worker: bool, share_port: bool) -> None:
    """One process serves until SIGINT or SIGTERM, with a worker beside it if told so.

    With `share_port` several processes may listen on one port; the kernel deals the connections out.
    Raises SettingsError before it begins.
    """
    environment.check_for_serving(settings)
    configure_logging(style=settings.log_format, level=level_of(settings))
    async with running(settings, clock, name="regulars api") as runtime:
        with listening(settings, share_port=share_port) as sockets:
            await serve_runtime(runtime, sockets=sockets, with_worker=with_worker)


async def work(settings: Settings, clock: Clock) -> None:
    """A worker alone, until SIGINT or SIGTERM. Raises SettingsError before it begins."""
    environment.check_for_serving(settings)
    configure_logging(style=settings.log_format, level=level_of(settings))
    async with running(settings, clock, name="regulars worker") as runtime:
        worker = worker_of(runtime)
        with ended_by_signals(worker.stop):
            log.info("working")
            await worker.run()


async def serve_runtime(
    runtime: Runtime, *, sockets: list[socket.socket], with_worker: bool, more: Sequence[BaseRoute] = ()
) -> None:
    """Serves the application of these parts, `more` routes among it, until a signal ends it.

    Raises SettingsError, before anything else, if a document that it should know would not be executed.
    """
    settings = runtime.settings
    documents.check_for_serving(settings)
    async with AsyncExitStack() as stack:
        if with_worker:
            await stack.enter_async_context(working(runtime))
        if settings.metrics_port:
            metering, _ = prometheus_client.start_http_server(
                settings.metrics_port, settings.host, runtime.metrics.registry
            )
            stack.callback(metering.shutdown)
        server = Server(config_of(create_app(runtime, more=more), settings))
        stack.enter_context(ended_by_signals(lambda: setattr(server, "should_exit", True)))
        spare_the_collector()
        log.info("serving", public_url=settings.public_base_url, port=sockets[0].getsockname()[1])
        await server.serve(sockets=sockets)


def spare_the_collector() -> None:
    """From now on Python's cyclic collector looks at what is made from now on, and seldom.

    What was made so far stays for good; to look through it again costs tens of milliseconds. And a few requests at once
    hold more objects than the 700 after which it looks by default, none of which is garbage: it would look at every
    page of a history. Nearly all garbage goes by its reference count.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)


@asynccontextmanager
async def working(runtime: Runtime) -> AsyncIterator[None]:
    """A worker works beside this block and has finished what it began when the block is left."""
    worker = worker_of(runtime)
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await task


def config_of(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES_MAX,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.forwarded_allow_ips),
        forwarded_allow_ips=list(settings.forwarded_allow_ips),
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )


@contextmanager
def listening(settings: Settings, *, share_port: bool = False) -> Iterator[list[socket.socket]]:
    """The socket of the settings' host and port. Raises SettingsError if the port is taken."""
    try:
        listener = socket.create_server(
            (settings.host, settings.port),
            family=socket.AF_INET6 if ":" in settings.host else socket.AF_INET,
            backlog=BACKLOG,
            reuse_port=share_port,
        )
    except OSError as trouble:
        raise SettingsError(
            f"Nothing can be served on {settings.host} port {settings.port}: {trouble.strerror}. "
            "Choose another one with --port or REGULARS_PORT."
        ) from trouble
    with listener:
        # Connections inherit it. Without it the second packet of an answer waits for the other side's confirmation.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield [listener]


@contextmanager
def ended_by_signals(end: Callable[[], object]) -> Iterator[None]:
    """SIGINT and SIGTERM call `end` while the block runs."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def level_of(settings: Settings) -> int:
    """The number that the standard library has for the settings' level of logging."""
    return logging.getLevelNamesMapping()[settings.log_level.upper()]
