import pytest

from tests.resolvers.api import Api
from tests.resolvers.world import Person, everything
from wallet.database import Conn

SET_BIRTHDAY = """
    mutation ($input: SetBirthdayInput!) {
        setBirthday(input: $input) {
            __typename
            ... on BirthdaySet { customer { name birthday { month day } } }
            ... on InvalidInput { problems { field message } }
            ... on UserError { message }
        }
    }
"""
VIEWER = "{ viewer { birthday { month day } } }"


async def test_birthday_is_set_once(phone: Api, asha: Person, conn: Conn) -> None:
    assert (await phone(VIEWER))["viewer"]["birthday"] is None
    # when it is said twice, as an app does that did not hear the first answer
    for _ in range(2):
        answer = await phone.do(SET_BIRTHDAY, month=2, day=29)
        assert answer == {
            "__typename": "BirthdaySet",
            "customer": {"name": "Asha", "birthday": {"month": 2, "day": 29}},
        }
    # then it stays
    before = await everything(conn)
    answer = await phone.do(SET_BIRTHDAY, month=3, day=1)
    assert answer == {
        "__typename": "BirthdayAlreadySet",
        "message": "Your birthday was set before and cannot be changed.",
    }
    assert await everything(conn) == before
    assert (await phone(VIEWER))["viewer"]["birthday"] == {"month": 2, "day": 29}


@pytest.mark.parametrize(
    ("month", "day", "field", "message"),
    [
        (13, 1, "month", "This must be from 1 to 12."),
        (2, 30, "day", "This must be from 1 to 29."),
        (11, 31, "day", "This must be from 1 to 30."),
    ],
)
async def test_day_that_no_year_has_is_said_so(
    phone: Api, asha: Person, conn: Conn, month: int, day: int, field: str, message: str
) -> None:
    before = await everything(conn)
    answer = await phone.do(SET_BIRTHDAY, month=month, day=day)
    assert answer["__typename"] == "InvalidInput"
    assert answer["problems"] == [{"field": field, "message": message}]
    assert await everything(conn) == before


async def test_nobody_must_sign_in_first(anybody: Api) -> None:
    assert await anybody.failure(SET_BIRTHDAY, input={"month": 1, "day": 1}) == "UNAUTHENTICATED"
