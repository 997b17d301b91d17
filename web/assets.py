"""What a browser loads beside the pages: read once, checked by fingerprint, the same for everybody."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file. `etag` changes with its content."""

    content: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "Asset":
        return cls(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


async def asset(request: Request) -> Response:
    """The file by that name, or 304 to a browser that has it."""
    found = assets().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "ETag": found.etag,
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == found.etag:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)


@cache
def assets() -> dict[str, Asset]:
    """Every file by its name under /static/. What is no style, script or picture is not among them."""
    folder = files("web.static")
    found = {
        file.name: Asset.of(file.read_bytes(), MEDIA_TYPES[suffix])
        for file in folder.iterdir()
        if (suffix := f".{file.name.rpartition('.')[2]}") in MEDIA_TYPES
    }
    found["documents.js"] = Asset.of(_module_of_documents(folder / "documents").encode(), MEDIA_TYPES[".js"])
    return found


def documents(folder: Traversable) -> Iterator[tuple[str, str]]:
    """Every operation's name and text, by name."""
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        name, _, suffix = file.name.rpartition(".")
        if suffix == "graphql":
            yield name, file.read_text(encoding="utf-8")


def _module_of_documents(folder: Traversable) -> str:
    """A JavaScript module that exports each document; JSON strings are JavaScript (ECMA-262, 2019)."""
    return "".join(f"export const {name} = {json.dumps(text)};\n" for name, text in documents(folder))
