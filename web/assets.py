"""What a browser loads beside the pages: read once, checked by fingerprint, the same for everybody."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from web import words
from web.documents import known

MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
NOTHING = re.compile(r"0(\.0*)?")
APIS: Mapping[str, str] = {"documents": "/graphql", "documents/pos": "/pos/graphql"}
"""Which API the documents of a folder are for. The folder's name and .js is the module that the scripts import."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file. `etag` changes with its content; `packed` is the same in gzip, where that is smaller."""

    content: bytes
    media_type: str
    etag: str
    packed: bytes | None

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "Asset":
        packed = gzip.compress(content, compresslevel=9, mtime=0)
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        return cls(content, media_type, etag, packed if len(packed) < len(content) else None)


async def asset(request: Request) -> Response:
    """The file by that name, or 304 to a browser that has it."""
    found = assets().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    return sent(request, found, {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"})


def sent(request: Request, found: Asset, headers: Mapping[str, str]) -> Response:
    """The file as this browser takes it: not at all if it has it, packed if it can unpack it."""
    headers = {
        "Cache-Control": "no-cache",
        "Cross-Origin-Resource-Policy": "same-origin",
        "ETag": found.etag,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        **headers,
    }
    if request.headers.get("if-none-match") == found.etag:
        return Response(status_code=304, headers=headers)
    if found.packed is not None and takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(found.packed, media_type=found.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(found.content, media_type=found.media_type, headers=headers)


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the header (RFC 9110 §12.5.3) lists gzip with a weight that is not 0."""
    for item in accept_encoding[:200].lower().split(","):
        coding, _, weight = item.replace(" ", "").partition(";q=")
        if coding in {"gzip", "*"}:
            return NOTHING.fullmatch(weight) is None
    return False


@cache
def assets() -> dict[str, Asset]:
    """Every file by its path under /static/. What is no style, script or picture is not among them."""
    folder = files("web.static")
    found = {
        path: Asset.of(file.read_bytes(), MEDIA_TYPES[suffix])
        for path, file in _files(folder, "")
        if (suffix := f".{file.name.rpartition('.')[2]}") in MEDIA_TYPES
    }
    for name, api in APIS.items():
        found[f"{name}.js"] = Asset.of(_module_of_documents(folder / name, api).encode(), MEDIA_TYPES[".js"])
    for page, language, module in words.modules():
        found[f"words/{page}.{language}.js"] = Asset.of(module.encode(), MEDIA_TYPES[".js"])
    return found


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    """Every file below the folder with its path from there."""
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.is_dir():
            yield from _files(file, f"{path}{file.name}/")
        else:
            yield f"{path}{file.name}", file


def _module_of_documents(folder: Traversable, api: str) -> str:
    """A JavaScript module that exports what is to be said for each document; JSON is JavaScript (ECMA-262, 2019)."""
    exports = (
        f"export const {document.name} = {json.dumps({'api': api, 'name': document.name, 'id': id_})};\n"
        for id_, document in known(folder).items()
    )
    return "".join(sorted(exports))
