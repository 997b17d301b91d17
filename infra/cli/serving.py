"""`regulars serve`, `worker` and `demo`."""

from pathlib import Path

from infra import serving
from infra import settings as environment
from infra.cli.app import fail, note
from infra.clock import system_clock
from infra.demo.running import run_demo
from infra.demo.walkthrough import WalkStopped, walk_through


def serve(
    *, host: str | None = None, port: int | None = None, with_worker: bool = False, share_port: bool = False
) -> None:
    """Serve the API. With --with-worker one process does everything, which is enough for a shop.

    With --share-port several processes may serve one port.
    """
    chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = environment.load(**chosen)
    serving.run(serving.serve(settings, system_clock, with_worker=with_worker, share_port=share_port))


def worker() -> None:
    """Send the mails, let points activate and expire, return gifts that nobody claimed."""
    serving.run(serving.work(environment.load(), system_clock))


def demo(
    *, host: str | None = None, port: int | None = None, data_dir: Path | None = None, walkthrough: bool = False
) -> None:
    """Start a shop with customers in it, API, worker and mailbox included.

    With --walkthrough, do the whole main job against the demo that runs on that port, and say what happens.
    """
    chosen: dict[str, object] = {
        name: value for name, value in (("host", host), ("port", port), ("data_dir", data_dir)) if value is not None
    }
    settings = environment.load(environment="demo", **chosen)
    if walkthrough:
        try:
            walk_through(f"http://{settings.host}:{settings.port}", say=print)
        except WalkStopped as stopped:
            fail(str(stopped))
        return
    note("Starting PostgreSQL and the shop ...")
    serving.run(run_demo(settings))
