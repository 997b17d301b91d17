"""The pages of a payment at the built-in provider: the shop's till in a browser, and the bank that may ask once more.

Opening them changes nothing. Each button is a form that works without a script, and what was decided stays decided,
whatever is pressed, sent or loaded again.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from wallet.values import Money
from web.pages.headers import page_headers
from web.pages.rendering import reader_of, render

FORM_ALONE: Mapping[str, str] = {"script-src": "'none'", "form-action": "'self'"}
FORM_BYTES_MAX = 1024


@dataclass(frozen=True, slots=True)
class Shown:
    """A payment as its page shows it: `state` is OPEN, ASKING (the bank asks), PAID, DECLINED or CANCELLED."""

    payee: str
    amount: Money
    state: str


@dataclass(frozen=True, slots=True)
class PayFacts:
    """What the pages show and do: the provider's own functions, each by the payment's ref."""

    show: Callable[[str], Awaitable[Shown | None]]
    approve: Callable[[str], Awaitable[bool]]
    decline: Callable[[str], Awaitable[bool]]
    ask: Callable[[str], Awaitable[None]]


async def pay_page(facts: PayFacts, request: Request) -> Response:
    """What is to be paid, to whom, and three buttons: approve, decline, and have the bank ask."""
    ref = request.path_params["ref"]
    if request.method == "POST" and await facts.show(ref) is not None:
        match await _choice(request):
            case "approve":
                await facts.approve(ref)
            case "decline":
                await facts.decline(ref)
            case "ask":
                await facts.ask(ref)
                return _to(f"/pay/{ref}/bank")
        return _to(f"/pay/{ref}")
    return await _page(facts, request, ref, bank=False)


async def bank_page(facts: PayFacts, request: Request) -> Response:
    """The payer's bank asks whether it was they."""
    ref = request.path_params["ref"]
    if request.method == "POST" and await facts.show(ref) is not None:
        match await _choice(request):
            case "approve":
                await facts.approve(ref)
            case "decline":
                await facts.decline(ref)
        return _to(f"/pay/{ref}")
    return await _page(facts, request, ref, bank=True)


async def _page(facts: PayFacts, request: Request, ref: str, *, bank: bool) -> Response:
    say = reader_of(request)
    shown = await facts.show(ref)
    if shown is None:
        return render("no_pay", say, {}, status=404, csp=FORM_ALONE)
    blanks: dict[str, object] = {
        "merchant": shown.payee,
        "amount": say.money(shown.amount.amount_minor, shown.amount.currency),
        "state": shown.state,
        "bank": bank,
    }
    return render("pay", say, blanks, csp=FORM_ALONE)


async def _choice(request: Request) -> str:
    """Which button was pressed; none for a body that is none of our forms."""
    size = request.headers.get("content-length", "")
    if not (size.isascii() and size.isdigit() and len(size) <= 4 and int(size) <= FORM_BYTES_MAX):
        return ""
    said = parse_qs((await request.body()).decode(errors="replace"))
    return said.get("choice", [""])[0]


def _to(path: str) -> Response:
    """See the page that shows how it stands now: loading that again sends nothing again (RFC 9110 §15.4.4)."""
    return RedirectResponse(path, 303, headers=page_headers(FORM_ALONE))
