"""Runs the demo: the shop, the API, a worker and the mailbox, in one process."""

import logging
import sys
from collections.abc import Sequence

from auth import terminals
from infra import serving
from infra.clock import DEMO_CLOCK, DemoClock
from infra.demo.shop import CURRENCY, PEOPLE, REFUSED_EMAIL, SLUG, Place, new_terminal, open_shop
from infra.edge.logs import configure_logging
from infra.mailbox import Mailbox, catch
from infra.runtime import Runtime, running
from infra.settings import Settings
from infra.sweeps import sweeps
from web.pages.demo import DemoFacts
from web.routes import demo_routes

SWEEP_LIMIT = 200


async def run_demo(settings: Settings) -> None:
    """Serves the demo until SIGINT or SIGTERM. Its data stays for the next start."""
    quiet = "log_level" not in settings.model_fields_set
    configure_logging(style="console", level=logging.WARNING if quiet else serving.level_of(settings))
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's, which names every sender and recipient
    with serving.listening(settings) as sockets:
        async with catch(refused=frozenset({REFUSED_EMAIL})) as mailbox:
            url = f"http://{settings.host}:{settings.port}"
            settings = settings.model_copy(
                update={
                    "public_base_url": settings.public_base_url if _is_chosen(settings) else url,
                    "smtp_host": "127.0.0.1",
                    "smtp_port": mailbox.port,
                    "smtp_starttls": False,
                    "payments": settings.payments if "payments" in settings.model_fields_set else "builtin",
                }
            )
            clock = DemoClock(settings.data_dir / DEMO_CLOCK)
            async with running(settings, clock, name="regulars demo") as runtime:
                async with runtime.pool.acquire() as conn, conn.transaction():
                    place = await open_shop(conn, box=runtime.box, now=clock())
                _welcome(url, settings.port)
                routes = demo_routes(facts_of(runtime, clock, mailbox, place))
                await serving.serve_runtime(runtime, sockets=sockets, with_worker=True, more=routes)


def facts_of(runtime: Runtime, clock: DemoClock, mailbox: Mailbox, place: Place) -> DemoFacts:
    """What the demo's pages show and do."""

    async def new_activation_code() -> str:
        async with runtime.pool.acquire() as conn, conn.transaction():
            terminal_id = await new_terminal(conn, place, now=clock())
            code = await terminals.new_activation_code(
                conn, box=runtime.box, merchant_id=place.merchant_id, terminal_id=terminal_id, now=clock()
            )
        return code.replace("-", "")

    async def sweep() -> None:
        for one in sweeps():
            changed: Sequence[object] = [one]
            while changed:
                async with runtime.pool.acquire() as conn, conn.transaction():
                    changed = cards = await one.step(conn, limit=SWEEP_LIMIT, now=clock())
                for merchant_id, card_id in cards:
                    runtime.changes.publish(merchant_id, card_id)

    return DemoFacts(
        program_slug=SLUG,
        currency=CURRENCY,
        customer_emails=[person.email for person in PEOPLE],
        refused_email=REFUSED_EMAIL,
        mails=lambda: mailbox.messages,
        new_activation_code=new_activation_code,
        clock=clock,
        advance=clock.advance,
        sweep=sweep,
        walk_through=f".venv/bin/regulars demo --walkthrough --port {runtime.settings.port}",
        office={"merchantId": str(place.merchant_id), **_folder(runtime.settings)},
    )


def _folder(settings: Settings) -> dict[str, str]:
    """Where the embedded database is; nothing where there is another one."""
    return {"dataDir": str(settings.data_dir)} if settings.database_url is None else {}


def _is_chosen(settings: Settings) -> bool:
    return "public_base_url" in settings.model_fields_set


def _welcome(url: str, port: int) -> None:
    sys.stderr.write(
        f"""
  Monsoon Coffee is open.

    {url}/demo           what to try, in order
    {url}/demo/mailbox   every mail that is sent
    {url}/app            the customer's app
    {url}/till           the till
    {url}/graphiql       the API by hand
    {url}/demo.json      for scripts

  In another terminal, all of it step by step:  .venv/bin/regulars demo --walkthrough --port {port}
  A gift to {REFUSED_EMAIL} bounces.
  Ctrl-C ends it; the data stays for the next time.

"""
    )
