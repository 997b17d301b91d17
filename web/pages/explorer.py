"""A page to ask the API by hand, in the demo and in development."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from schema.translations import DEFAULT, translator
from web.pages.demo_steps import CUSTOMER, TILL, Step
from web.pages.rendering import render

HELLO = "{ __typename }"


async def explorer_page(suggested: Sequence[Step], request: Request) -> Response:
    """Both endpoints, with what the demo suggests to try beside them. A QR code in an answer is shown as a picture."""
    told = {
        "endpoints": [CUSTOMER, TILL],
        "hello": HELLO,
        "steps": [
            {
                "name": step.name,
                "endpoint": step.endpoint,
                "document": step.document,
                "variables": step.variables_json,
                "learns": dict(step.learns),
            }
            for step in suggested
        ],
    }
    blanks: dict[str, object] = {"steps": suggested, "told": told}
    return render("explorer", translator(DEFAULT), blanks, csp={"img-src": "'self' data:"})
