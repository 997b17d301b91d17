"""The laws of vouchers and stamps hold on what the product writes, and name what somebody tampered with."""

from datetime import datetime

import asyncpg
import pytest

from tests.database import Database
from tests.wallet.rewards.scenes import assert_lawful, cancel, claim, make_scene
from wallet import audit
from wallet.database import Conn

TAMPERINGS = {
    "UPDATE vouchers SET state = 'LAPSED', closed_at = created_at WHERE state = 'USABLE'": (
        "a voucher that can be used holds what it cost, and no other does",
        "is LAPSED with 50 points, its account holds 50",
    ),
    "UPDATE vouchers SET state = 'USABLE', closed_at = NULL WHERE state = 'CANCELLED'": (
        "a voucher that can be used holds what it cost, and no other does",
        "is USABLE with 50 points, its account holds 0",
    ),
    "UPDATE cards SET stamps = stamps + 1": (
        "the stamps of a card are what their movements sum to",
        "has 6 stamps, their movements say 5",
    ),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_what_does_not_agree_is_named(tampering: str, conn: Conn, database: Database, now: datetime) -> None:
    # given a voucher that can be used, one that was cancelled, and five stamps
    scene = await make_scene(conn, points=100, stamps=5, cost_points=50, now=now)
    await claim(conn, scene, now=now)
    await cancel(conn, scene, (await claim(conn, scene, now=now)).voucher, now=now)
    await assert_lawful(conn)
    # when
    owner = await asyncpg.connect(database.owner_dsn)
    await owner.execute(tampering)
    await owner.close()
    # then
    law, said = TAMPERINGS[tampering]
    broken = {verdict.law: verdict.broken async for verdict in audit.verdicts(conn) if verdict.count}
    assert list(broken) == [law]
    [sentence] = broken[law]
    assert said in sentence
