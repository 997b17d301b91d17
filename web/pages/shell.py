"""The pages that are applications: /app for customers, /till for the counter. Scripts do all but the frame.

Nothing is looked up here, and the frame is the same for everybody who reads the language, so a device may keep it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from web.assets import MEDIA_TYPES, Asset, assets, sent
from web.pages.loading import OWN_SCRIPTS, Loading, files_of
from web.pages.rendering import reader_of, render

SCRIPTED: Mapping[str, str] = {
    "img-src": "'self' data: blob:",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    # The service worker is the one script that a script names; lib/worker.js vouches for its address.
    "trusted-types": "worker",
}
WORKER_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; frame-ancestors 'none'",
    "Service-Worker-Allowed": "/",
}


@dataclass(frozen=True, slots=True)
class Shell:
    """One application: where it is, and what it is made of."""

    name: str
    title: str
    parts: Sequence[str]
    """Folders and files of /static/ that it is made of. What its main script imports is fetched at once."""
    csp: Mapping[str, str]
    extras: Sequence[str] = ()
    """What it needs later, and without a network, too."""
    features: Mapping[str, str] | None = None
    """What of the device it may use, beside what every page may."""

    @property
    def path(self) -> str:
        return f"/{self.name}"


COMMON = ("base.css", "lib/", "vendor/preact/", "vendor/htm/", "documents.js")
APP = Shell("app", "Regulars", (*COMMON, "app/", "icons/app"), SCRIPTED, extras=("places/",))
TILL = Shell(
    "till",
    "Regulars till",
    (*COMMON, "documents/pos.js", "till/", "icons/till"),
    {**SCRIPTED, "script-src": f"{OWN_SCRIPTS} 'wasm-unsafe-eval'", "media-src": "'self' blob:"},
    extras=("vendor/zxing-wasm/",),
    features={"camera": "(self)"},
)
SHELLS = (APP, TILL)


def shell_routes() -> list[BaseRoute]:
    """The applications, at every address within them, and what makes them installable."""
    routes: list[BaseRoute] = [Route("/sw.js", service_worker)]
    for shell in SHELLS:
        routes += [
            Route(f"{shell.path}.webmanifest", partial(manifest, shell)),
            Route(shell.path, partial(shell_page, shell)),
            Route(f"{shell.path}/{{rest:path}}", partial(shell_page, shell)),
        ]
    return routes


async def shell_page(shell: Shell, request: Request) -> Response:
    """The frame of the application, the same for every address within it."""
    say = reader_of(request)
    styles = [path for path in files_of(shell.parts) if path.endswith(".css")]
    loading = Loading.of(shell.name, say, styles=styles)
    facts = {"shell": shell, "loading": loading}
    return render("shell", say, facts, csp=loading.policy(shell.csp), features=shell.features)


async def manifest(shell: Shell, request: Request) -> Response:
    """What the device calls the application once it is installed (w3.org/TR/appmanifest)."""
    say = reader_of(request)
    name = say.gettext("Regulars till") if shell is TILL else "Regulars"
    icon = f"/static/icons/{shell.name}"
    content = {
        "id": shell.path,
        "name": name,
        "short_name": name,
        "lang": say.tag,
        "dir": say.locale.text_direction,
        "start_url": shell.path,
        "scope": shell.path,
        "display": "standalone",
        "background_color": "#f4f1ea",
        "theme_color": "#1f5c46",
        "icons": [
            {"src": f"{icon}-192.png", "sizes": "192x192", "type": "image/png"},
            {"src": f"{icon}-512.png", "sizes": "512x512", "type": "image/png"},
            {"src": f"{icon}-maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        ],
    }
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie", "X-Content-Type-Options": "nosniff"}
    return JSONResponse(content, media_type="application/manifest+json", headers=headers)


async def service_worker(request: Request) -> Response:
    """The service worker. It changes whenever anything does that it keeps, so browsers notice."""
    return sent(request, _service_worker(), WORKER_HEADERS)


@cache
def _service_worker() -> Asset:
    files = {shell.path: files_of((*shell.parts, *shell.extras)) for shell in SHELLS}
    prints = sorted((path, found.etag) for path, found in assets().items())
    version = hashlib.sha256(json.dumps(prints).encode()).hexdigest()[:16]
    addresses = {scope: [f"/static/{path}" for path in paths] for scope, paths in files.items()}
    facts = f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(addresses)};\n"
    return Asset.of(facts.encode() + assets()["sw.js"].content, MEDIA_TYPES[".js"])
