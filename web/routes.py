"""The addresses of the pages, for the application to mount."""

from functools import partial

from starlette.routing import BaseRoute, Route

from web.assets import asset
from web.pages.confirm import confirm_page
from web.pages.decline import decline_page
from web.pages.demo import DemoFacts, demo_json, demo_page, mailbox_json, mailbox_page, move_clock
from web.pages.draft import draft_mail, draft_page
from web.pages.explorer import explorer_page
from web.pages.facts import PageFacts
from web.pages.gift import gift_page
from web.pages.home import home_page
from web.pages.join import join_page
from web.pages.pay import PayFacts, bank_page, pay_page
from web.pages.pictures import design_image, logo_image
from web.pages.shell import shell_routes
from web.pages.stop import stop_notices_page, stop_page


def page_routes(facts: PageFacts) -> list[BaseRoute]:
    """What everybody may open."""
    return [
        Route("/", partial(home_page, facts)),
        Route("/g/{token}/stop", partial(stop_page, facts), methods=["GET", "POST"]),
        Route("/g/{token}/decline", partial(decline_page, facts), methods=["GET", "POST"]),
        Route("/g/draft/{token}", partial(draft_page, facts)),
        Route("/g/draft/{token}/mail", partial(draft_mail, facts)),
        # A token may have slashes in it if somebody changed it: that is no gift either, and gets the same answer.
        Route("/g/{token:path}", partial(gift_page, facts)),
        Route("/gift-designs/{design}", partial(design_image, facts)),
        Route("/program-logos/{logo}", partial(logo_image, facts)),
        Route("/n/{token}/stop", partial(stop_notices_page, facts), methods=["GET", "POST"]),
        Route("/confirm/{token:path}", confirm_page),
        Route("/join/{slug:path}", partial(join_page, facts)),
        *shell_routes(),
        Route("/static/{name:path}", asset),
    ]


def pay_routes(facts: PayFacts) -> list[BaseRoute]:
    """The page of a payment, where the built-in provider takes it."""
    return [
        Route("/pay/{ref}", partial(pay_page, facts), methods=["GET", "POST"]),
        Route("/pay/{ref}/bank", partial(bank_page, facts), methods=["GET", "POST"]),
    ]


def demo_routes(facts: DemoFacts) -> list[BaseRoute]:
    """The demo's pages, for the demo alone."""
    return [
        Route("/demo", partial(demo_page, facts)),
        Route("/demo.json", partial(demo_json, facts)),
        Route("/demo/mailbox", partial(mailbox_page, facts)),
        Route("/demo/mailbox.json", partial(mailbox_json, facts)),
        Route("/demo/clock", partial(move_clock, facts), methods=["POST"]),
        Route("/graphiql", partial(explorer_page, facts.steps())),
    ]


def development_routes() -> list[BaseRoute]:
    """A page to ask the API by hand, for development alone. The demo has its own."""
    return [Route("/graphiql", partial(explorer_page, ()))]
