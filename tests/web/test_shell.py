"""The frames of /app and /till: what they load, what they may do, and what a device keeps of them."""

import hashlib
import json
import re
from base64 import b64encode

import httpx
import pytest

from web.assets import assets
from web.pages.loading import files_of
from web.pages.shell import APP, SHELLS, TILL, Shell

STRICT = {
    "default-src": "'none'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "worker",
}


def policy_of(answer: httpx.Response) -> dict[str, str]:
    directives = answer.headers["content-security-policy"].split("; ")
    return dict(directive.split(" ", 1) for directive in directives)


def import_map_of(page: str) -> str:
    found = re.search(r'<script type="importmap">(.*?)</script>', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("path", ["/app", "/app/cards/x", "/app/anything/at/all", "/till", "/till/today"])
async def test_every_address_within_an_application_is_its_frame(browser: httpx.AsyncClient, path: str) -> None:
    root = await browser.get("/" + path.split("/")[1])
    within = await browser.get(path)

    assert within.status_code == 200
    assert within.text == root.text


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)
async def test_only_our_scripts_and_one_import_map_may_run(browser: httpx.AsyncClient, shell: Shell) -> None:
    answer = await browser.get(shell.path)
    policy = policy_of(answer)
    digest = b64encode(hashlib.sha256(import_map_of(answer.text).encode()).digest()).decode()

    assert STRICT.items() <= policy.items()
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    wasm = " 'wasm-unsafe-eval'" if shell is TILL else ""
    assert policy["script-src"] == f"'self'{wasm} 'sha256-{digest}'"
    assert not re.search(r"<script(?![^>]*(?:src=|importmap))|\son\w+=|\sstyle=", answer.text)


async def test_only_the_till_may_see(browser: httpx.AsyncClient) -> None:
    app, till = await browser.get("/app"), await browser.get("/till")

    assert "camera=()" in app.headers["permissions-policy"]
    assert "camera=(self)" in till.headers["permissions-policy"]
    assert "microphone=()" in till.headers["permissions-policy"]


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)
async def test_all_that_a_frame_names_is_served(browser: httpx.AsyncClient, shell: Shell) -> None:
    page = (await browser.get(shell.path)).text
    named = set(re.findall(r'(?:href|src)="(/[^"]+)"', page)) | set(json.loads(import_map_of(page))["imports"].values())

    assert len(named) > 20
    for address in named:
        assert (await browser.get(address)).status_code == 200, address


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)
def test_scripts_import_only_what_the_frame_fetches_at_once_or_keeps(shell: Shell) -> None:
    kept = set(files_of((*shell.parts, *shell.extras)))
    for path in (path for path in kept if path.startswith(("lib/", f"{shell.name}/")) and path.endswith(".js")):
        folder = path.rpartition("/")[0]
        for imported in re.findall(r'(?:from|import|import\() ?"(\.[^"]+)"', assets()[path].content.decode()):
            parts: list[str] = folder.split("/")
            for step in imported.split("/"):
                if step == "..":
                    parts.pop()
                elif step != ".":
                    parts.append(step)
            assert "/".join(parts) in kept, f"{path} imports {imported}"


@pytest.mark.parametrize(
    ("header", "cookie", "lang"),
    [
        ("hi-IN", None, "hi-IN"),
        ("hi-IN", "ml", "ml"),
        ("hi-IN", "xx", "hi-IN"),
        ("de", None, "en"),
        ("de", "th-TH", "th-TH"),
    ],
)
async def test_frame_speaks_the_chosen_language_before_the_browsers(
    browser: httpx.AsyncClient, header: str, cookie: str | None, lang: str
) -> None:
    headers = {"accept-language": header} | ({"cookie": f"regulars-language={cookie}"} if cookie else {})
    answer = await browser.get("/app", headers=headers)

    assert f'<html lang="{lang}"' in answer.text
    assert f"/static/words/app.{lang.partition('-')[0]}.js" in import_map_of(answer.text)
    assert answer.headers["vary"] == "Accept-Language, Cookie"


@pytest.mark.parametrize("cookie", ["\x7f", "%00", "ml; regulars-language=hi", "a" * 4000, "<script>", '"'])
async def test_any_cookie_of_a_language_is_harmless(browser: httpx.AsyncClient, cookie: str) -> None:
    answer = await browser.get("/app", headers={"cookie": f"regulars-language={cookie}"})

    assert answer.status_code == 200
    assert cookie not in answer.text or cookie == '"'


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)
async def test_application_can_be_installed(browser: httpx.AsyncClient, shell: Shell) -> None:
    answer = await browser.get(f"{shell.path}.webmanifest")
    found = answer.json()

    assert answer.headers["content-type"] == "application/manifest+json"
    assert (found["start_url"], found["scope"], found["display"]) == (shell.path, shell.path, "standalone")
    assert {(icon["sizes"], icon.get("purpose", "any")) for icon in found["icons"]} == {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for icon in found["icons"]:
        assert (await browser.get(icon["src"])).headers["content-type"] == "image/png"


async def test_service_worker_keeps_all_that_an_application_is_made_of(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/sw.js")
    told = re.search(r"const FILES = (.*);\n", answer.text)
    assert told is not None
    files = json.loads(told[1])

    assert answer.headers["service-worker-allowed"] == "/"
    assert answer.headers["cache-control"] == "no-cache"
    assert set(files) == {"/app", "/till"}
    assert any(path.endswith(".wasm") for path in files["/till"])
    assert not any(path.endswith(".wasm") for path in files["/app"])
    for path in {path for paths in files.values() for path in paths}:
        assert path.removeprefix("/static/") in assets(), path


def test_frame_loads_no_part_of_the_other_application() -> None:
    assert not [path for path in files_of(APP.parts) if "till" in path or path.endswith(".wasm")]
    assert not [path for path in files_of(TILL.parts) if path.startswith("app/") or path.endswith(".wasm")]
