"""`regulars operator`, and whether a merchant's tills ask who stands there."""

import secrets
from uuid import UUID

from cyclopts import App

from auth import operator_pins
from infra.cli.app import answer, opened
from infra.wiring import opened_box
from wallet import operators
from wallet.operators import Operator
from wallet.values import MerchantId, OperatorId

PIN_DIGITS = 6

operator = App(name="operator", help="The people at a merchant's tills.")


@operator.command(name="add")
async def add_operator(*, merchant: UUID, name: str, pin: str | None = None, json: bool = False) -> None:
    """Add somebody who stands at the merchant's tills, and print their PIN.

    Parameters
    ----------
    pin
        4 to 8 digits that nobody else of the merchant has. Left out, a random one is made, which no list of commands
        remembers.
    """
    pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}" if pin is None else pin
    operator_pins.check(pin)
    merchant_id = MerchantId(merchant)
    async with opened() as (settings, pool, clock):
        box = await opened_box(settings, pool, clock)
        pin_hash = operator_pins.hash_of(box, merchant_id=merchant_id, pin=pin)
        async with pool.acquire() as conn, conn.transaction():
            operator_id = await operators.add(conn, merchant_id=merchant_id, name=name, pin_hash=pin_hash, now=clock())
    answer({"operatorId": operator_id, "pin": pin}, as_json=json)


@operator.command(name="list")
async def list_operators(*, merchant: UUID, json: bool = False) -> None:
    """List all who stand or stood at the merchant's tills. Nobody can read a PIN again."""
    async with opened() as (_, pool, _clock), pool.acquire() as conn:
        found = await operators.of_merchant(conn, merchant_id=MerchantId(merchant))
    if json:
        answer({"operators": [_facts(each) for each in found]}, as_json=True)
    elif found:
        answer({str(each.operator_id): _line(each) for each in found}, as_json=False)


@operator.command(name="revoke")
async def revoke_operator(*, merchant: UUID, operator: UUID, json: bool = False) -> None:
    """Let a PIN be good no more, at once. What was written with it keeps the name."""
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        await operators.revoke(conn, merchant_id=MerchantId(merchant), operator_id=OperatorId(operator), now=clock())
    answer({"revoked": operator}, as_json=json)


async def require_operators(*, merchant: UUID, required: bool = True, json: bool = False) -> None:
    """Let nothing be sold or taken back at the merchant's tills without a PIN; --no-required ends it."""
    async with opened() as (_, pool, _clock), pool.acquire() as conn, conn.transaction():
        await operators.require(conn, merchant_id=MerchantId(merchant), required=required)
    answer({"operatorsRequired": required}, as_json=json)


def _facts(each: Operator) -> dict[str, object]:
    revoked_at = each.revoked_at.isoformat() if each.revoked_at else None
    return {
        "operatorId": each.operator_id,
        "name": each.name,
        "createdAt": each.created_at.isoformat(),
        "revokedAt": revoked_at,
    }


def _line(each: Operator) -> str:
    return f"{each.name}, revoked {each.revoked_at:%Y-%m-%d}" if each.revoked_at else each.name
