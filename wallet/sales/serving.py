"""Whom a till serves: by an open visit, or by the code that the customer shows."""

from dataclasses import dataclass, replace
from datetime import datetime

from wallet import scans
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.fingerprint import Json
from wallet.scans import Identified
from wallet.values import CardId, CheckInPurpose, ProgramId, SignedCode, Terminal, TypedCode, VisitId

CustomerRef = VisitId | SignedCode | TypedCode

VISIT_SERVED_SQL = """
    SELECT v.card_id, c.program_id, v.purpose, v.expires_at,
           v.idempotency_key IS NULL AND NOT v.looked_up AS by_code
    FROM visits AS v
    JOIN cards AS c ON c.merchant_id = v.merchant_id AND c.card_id = v.card_id
    WHERE v.merchant_id = $1 AND v.visit_id = $2 AND v.store_id = $3
"""


@dataclass(frozen=True, slots=True)
class OpenedVisit:
    """A visit of the till's store, and when it ends. It may serve several sales until then.

    `by_code`: a code that the customer showed opened it, no look-up and no enrolment.
    """

    visit_id: VisitId
    purpose: CheckInPurpose
    expires_at: datetime
    by_code: bool


@dataclass(frozen=True, slots=True)
class Served:
    """The card that a sale is for, and by what it was named. Whether that is still good is not judged yet."""

    card_id: CardId
    program_id: ProgramId
    by: OpenedVisit | Identified

    @property
    def purpose(self) -> CheckInPurpose:
        """What the customer showed their code for."""
        return self.by.purpose

    @property
    def visit_id(self) -> VisitId | None:
        return self.by.visit_id if isinstance(self.by, OpenedVisit) else None

    @property
    def by_code(self) -> bool:
        """Whether the customer has shown a code, which nobody does for them."""
        return not isinstance(self.by, OpenedVisit) or self.by.by_code

    @property
    def code(self) -> Identified | None:
        """The code that is used up with the sale; None for a visit, which may serve several."""
        return self.by if isinstance(self.by, Identified) else None


async def whom(conn: Conn, *, terminal: Terminal, customer: CustomerRef) -> Served:
    """The card that the till means. One statement, which changes nothing.

    Raises CodeInvalid, and NotFound for a visit that is not of the till's store.
    """
    if isinstance(customer, SignedCode | TypedCode):
        code = await scans.identify(conn, terminal=terminal, code=customer)
        return Served(code.card_id, code.program_id, code)
    row = await conn.fetchrow(VISIT_SERVED_SQL, terminal.merchant_id, customer, terminal.store_id)
    if row is None:
        raise NotFound
    visit = OpenedVisit(customer, CheckInPurpose(row["purpose"]), row["expires_at"], row["by_code"])
    return Served(row["card_id"], row["program_id"], visit)


def judge(served: Served, *, at: datetime) -> None:
    """Nothing, if the visit was open, or the code good, at `at`.

    Raises NotFound for a visit that has ended, CodeExpired and CodeAlreadyUsed for a code.
    """
    if isinstance(served.by, Identified):
        scans.judge(served.by, at=at)
    elif at >= served.by.expires_at:
        raise NotFound


def judge_time(served: Served, *, at: datetime) -> None:
    """As `judge`, whether or not somebody has used the code up meanwhile."""
    if isinstance(served.by, Identified):
        scans.judge(replace(served.by, used_at=None), at=at)
    else:
        judge(served, at=at)


def facts(customer: CustomerRef) -> Json:
    """What the till said, for the fingerprint of its request. A code is its `jti`: what is good only once."""
    match customer:
        case SignedCode():
            return {"jti": str(customer.jti)}
        case TypedCode():
            return {"digits": customer.digits}
        case _:
            return {"visitId": str(customer)}
