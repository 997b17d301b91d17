"""Where points stand: a program's own accounts, unbounded, and those of cards, gifts and vouchers, never below zero."""

from typing import Literal

from wallet.database import Conn
from wallet.values import AccountId, CardId, MerchantId, ProgramId

OPEN_PROGRAM_ACCOUNTS_SQL = """
    INSERT INTO accounts (merchant_id, account_id, program_id, kind)
    VALUES ($1, $3, $2, 'issued'), ($1, $4, $2, 'redeemed'), ($1, $5, $2, 'expired')
"""

OPEN_CARD_ACCOUNTS_SQL = """
    INSERT INTO accounts (merchant_id, account_id, program_id, kind, card_id, balance)
    VALUES ($1, $4, $2, 'active', $3, 0), ($1, $5, $2, 'pending', $3, 0)
"""

OPEN_ESCROW_SQL = """
    INSERT INTO accounts (merchant_id, account_id, program_id, kind, card_id, balance)
    VALUES ($1, uuidv7(), $2, $4, $3, 0)
    RETURNING account_id
"""

EscrowKind = Literal["gift", "voucher"]


async def open_program_accounts(
    conn: Conn,
    *,
    merchant_id: MerchantId,
    program_id: ProgramId,
    issued: AccountId,
    redeemed: AccountId,
    expired: AccountId,
) -> None:
    """The three accounts of a new program exist. Their balance is the sum of their transfers, so no row is hot."""
    await conn.execute(OPEN_PROGRAM_ACCOUNTS_SQL, merchant_id, program_id, issued, redeemed, expired)


async def open_card_accounts(
    conn: Conn,
    *,
    merchant_id: MerchantId,
    program_id: ProgramId,
    card_id: CardId,
    active: AccountId,
    pending: AccountId,
) -> None:
    """The two accounts of a new card exist, both at 0."""
    await conn.execute(OPEN_CARD_ACCOUNTS_SQL, merchant_id, program_id, card_id, active, pending)


async def open_escrow(
    conn: Conn, *, kind: EscrowKind, merchant_id: MerchantId, program_id: ProgramId, card_id: CardId
) -> AccountId:
    """A new escrow account exists, at 0; what comes to stand on it counts as reserved on the card."""
    return AccountId(await conn.fetchval(OPEN_ESCROW_SQL, merchant_id, program_id, card_id, kind))
