"""The people who stand at a merchant's tills. Each has a PIN, so that what a till writes names who wrote it."""

from dataclasses import dataclass
from datetime import datetime

from wallet.baskets import text_problems
from wallet.database import Conn, Row
from wallet.errors import InvalidInput, NotFound
from wallet.stores import NAME_MAX
from wallet.values import MerchantId, OperatorId, Terminal

INSERT_OPERATOR_SQL = """
    INSERT INTO operators (merchant_id, name, pin_hash, created_at)
    SELECT merchant_id, $2, $3, $4
    FROM merchants
    WHERE merchant_id = $1
    ON CONFLICT (merchant_id, pin_hash) WHERE revoked_at IS NULL DO NOTHING
    RETURNING operator_id
"""

MERCHANT_EXISTS_SQL = "SELECT EXISTS (SELECT FROM merchants WHERE merchant_id = $1)"

OPERATORS_OF_MERCHANT_SQL = """
    SELECT operator_id, name, created_at, revoked_at
    FROM operators
    WHERE merchant_id = $1
    ORDER BY created_at, operator_id
"""

REVOKE_OPERATOR_SQL = """
    UPDATE operators
    SET revoked_at = COALESCE(revoked_at, $3)
    WHERE merchant_id = $1 AND operator_id = $2
    RETURNING operator_id
"""

FIND_OPERATOR_SQL = """
    SELECT operator_id
    FROM operators
    WHERE merchant_id = $1 AND pin_hash = $2 AND created_at <= $3 AND (revoked_at IS NULL OR revoked_at > $3)
"""

REQUIRE_OPERATORS_SQL = """
    UPDATE merchants
    SET operators_required = $2
    WHERE merchant_id = $1
    RETURNING merchant_id
"""


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who stands at the tills of a merchant, or did until `revoked_at`."""

    operator_id: OperatorId
    name: str
    created_at: datetime
    revoked_at: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> "Operator":
        return cls(
            operator_id=row["operator_id"],
            name=row["name"],
            created_at=row["created_at"],
            revoked_at=row["revoked_at"],
        )


async def add(conn: Conn, *, merchant_id: MerchantId, name: str, pin_hash: bytes, now: datetime) -> OperatorId:
    """There is one more operator, whose PIN is good at every till of the merchant from now on.

    Raises InvalidInput for a name of more than 80 characters or one that cannot be printed, and for a PIN that another
    operator of the merchant has (of two at once one gets it); NotFound for no such merchant.
    """
    problems = text_problems("name", name, most=NAME_MAX)
    if problems:
        raise InvalidInput(problems)
    operator_id = await conn.fetchval(INSERT_OPERATOR_SQL, merchant_id, name.strip(), pin_hash, now)
    if operator_id is not None:
        return OperatorId(operator_id)
    if not await conn.fetchval(MERCHANT_EXISTS_SQL, merchant_id):
        raise NotFound
    raise InvalidInput.of("pin", "pin_taken")


async def of_merchant(conn: Conn, *, merchant_id: MerchantId) -> list[Operator]:
    """All who ever stood at the merchant's tills, the first first."""
    return [Operator.from_row(row) for row in await conn.fetch(OPERATORS_OF_MERCHANT_SQL, merchant_id)]


async def revoke(conn: Conn, *, merchant_id: MerchantId, operator_id: OperatorId, now: datetime) -> None:
    """The operator's PIN is good no more, since the first time that it was revoked, and somebody else may have it.

    What they wrote still names them. Raises NotFound.
    """
    if await conn.fetchval(REVOKE_OPERATOR_SQL, merchant_id, operator_id, now) is None:
        raise NotFound


async def find(conn: Conn, *, terminal: Terminal, pin_hash: bytes, at: datetime) -> OperatorId | None:
    """Whose PIN it was at this till at `at`; None for nobody's. One statement.

    A PIN that was revoked, and given to somebody else since, was the first one's until then.
    """
    operator_id: OperatorId | None = await conn.fetchval(FIND_OPERATOR_SQL, terminal.merchant_id, pin_hash, at)
    return operator_id


async def require(conn: Conn, *, merchant_id: MerchantId, required: bool) -> None:
    """Whether the merchant's tills write sales and refunds without a PIN is as given. Raises NotFound."""
    if await conn.fetchval(REQUIRE_OPERATORS_SQL, merchant_id, required) is None:
        raise NotFound
