"""Headers that keep an answer where it belongs. What the answer says itself is left as it is."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOTHING_ELSE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": NOTHING_ELSE,
}


class SecurityHeadersMiddleware:
    """Adds what is missing: nosniff, no referrer, no frames, no loads; no-store to whatever is not read by GET."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        """`https` is whether browsers may be told to never again come without it."""
        self._app = app
        always = ALWAYS | ({"Strict-Transport-Security": "max-age=31536000"} if https else {})
        self._for_reads = written(always)
        self._for_others = written(always | {"Cache-Control": "no-store"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        always = self._for_reads if scope["method"] in {"GET", "HEAD"} else self._for_others

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = [*message.get("headers", ())]
                names = {name.lower() for name, _ in said}
                message["headers"] = said + [header for header in always if header[0] not in names]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def written(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """The headers as ASGI has them."""
    return [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
