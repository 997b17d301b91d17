"""A program to print posters of."""

from uuid import UUID

from infra.demo.program import RULES
from wallet.programs import Program
from wallet.values import MerchantId, ProgramId

PROGRAM = Program(
    merchant_id=MerchantId(UUID(int=1)),
    program_id=ProgramId(UUID(int=2)),
    number=1,
    slug="monsoon",
    name="Monsoon Regulars",
    merchant_name="Monsoon Coffee",
    point_name="bean",
    point_name_plural="beans",
    currency="INR",
    timezone="Asia/Kolkata",
    country="IN",
    revision=1,
    rules=RULES,
    stamp_reward="A free coffee",
    color="#1f5c46",
    logo_id=None,
)
