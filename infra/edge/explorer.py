"""A page to try queries on, for demos and development: one file, nothing from other hosts, no code without a nonce."""

from functools import cache
from importlib.resources import files
from secrets import token_urlsafe

NONCE = "{{nonce}}"


def page() -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """The page, and the headers that keep it to itself."""
    nonce = token_urlsafe(16)
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return template().replace(NONCE, nonce).encode(), (("Content-Security-Policy", policy),)


@cache
def template() -> str:
    return files("web").joinpath("graphiql.html").read_text("utf-8")
