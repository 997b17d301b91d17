"""The page that the mailed link of a confirmation opens. It confirms nothing: the button on it does, by GraphQL."""

from starlette.requests import Request
from starlette.responses import Response

from web.pages.rendering import reader_of, render


async def confirm_page(request: Request) -> Response:
    """The same page for every link. Nothing is looked up until a person presses the button."""
    return render("confirm", reader_of(request), {})
