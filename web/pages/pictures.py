"""The merchant's pictures by themselves. What stands under a name never changes, so whoever has it may keep it."""

from starlette.requests import Request
from starlette.responses import Response

from schema.ids import GiftDesignKey, ProgramLogoKey, decode
from wallet import looks
from wallet.gifts import DesignKey, designs
from wallet.pictures import Picture
from web.pages.facts import PageFacts

PICTURE_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


async def design_image(facts: PageFacts, request: Request) -> Response:
    """The picture of a gift."""
    key = decode(request.path_params["design"])
    if not isinstance(key, GiftDesignKey):
        return _shown(None)
    async with facts.pool().acquire() as conn:
        return _shown(await designs.image(conn, key=DesignKey(key.merchant_id, key.design_id)))


async def logo_image(facts: PageFacts, request: Request) -> Response:
    """The logo of a program, if it is still the program's."""
    key = decode(request.path_params["logo"])
    if not isinstance(key, ProgramLogoKey):
        return _shown(None)
    async with facts.pool().acquire() as conn:
        return _shown(await looks.logo(conn, merchant_id=key.merchant_id, logo_id=key.logo_id))


def _shown(picture: Picture | None) -> Response:
    """Whatever the picture is, it can do nothing where it is shown: not even as a page of its own."""
    if picture is None:
        return Response(status_code=404, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
    return Response(picture.content, media_type=picture.media_type, headers=PICTURE_HEADERS)
