"""`regulars report`: what the books say, for whoever keeps them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cyclopts import App

from infra.cli.app import answer, opened
from infra.cli.merchants import in_utc
from infra.settings import SettingsError
from wallet import value
from wallet.value import Liability
from wallet.values import MerchantId

report = App(name="report", help="What the books say.")


@report.command(name="liability")
async def report_liability(*, merchant: UUID | None = None, at: datetime | None = None, json: bool = False) -> None:
    """Print what each program owes: points to its members, and money on gift cards, by currency.

    Parameters
    ----------
    merchant
        Of this merchant's programs alone.
    at
        As it stood then, by what was posted until then; now, if left out.
    """
    merchant_id = MerchantId(merchant) if merchant else None
    async with opened() as (_, pool, clock), pool.acquire() as conn:
        now = clock()
        moment = in_utc(at) if at else now
        if moment > now:
            raise SettingsError("What will be owed is not known: --at must not lie ahead.")
        owed = await value.liability(conn, merchant_id=merchant_id, at=moment)
    if json:
        programs = [_facts(each) for each in owed]
        answer({"at": moment.isoformat(), "programs": programs, "value": _sums(owed)}, as_json=True)
    else:
        lines = {each.slug: _line(each) for each in owed}
        sums = {currency: f"{amount} (minor units) on gift cards" for currency, amount in _sums(owed).items()}
        answer({"at": moment.isoformat(), **lines, **sums}, as_json=False)


def _sums(owed: Sequence[Liability]) -> dict[str, int]:
    """By currency, what all gift cards hold."""
    sums = dict[str, int]()
    for each in owed:
        sums[each.value.currency] = sums.get(each.value.currency, 0) + each.value.amount_minor
    return dict(sorted(sums.items()))


def _facts(each: Liability) -> dict[str, object]:
    return {
        "merchantId": str(each.merchant_id),
        "programId": str(each.program_id),
        "slug": each.slug,
        "name": each.name,
        "points": {"active": each.active, "pending": each.pending, "reserved": each.reserved},
        "valueMinor": each.value.amount_minor,
        "currency": each.value.currency,
        "giftCards": each.gift_cards,
    }


def _line(each: Liability) -> str:
    points = each.active + each.pending + each.reserved
    return (
        f"{points} points ({each.active} active, {each.pending} pending, {each.reserved} reserved);"
        f" {each.value.amount_minor} {each.value.currency} (minor units) on {each.gift_cards} gift cards"
    )
