import pytest

from tests.resolvers.api import Api
from tests.resolvers.world import Person, everything
from wallet.database import Conn

UPDATE_PROFILE = """
    mutation ($input: UpdateProfileInput!) {
        updateProfile(input: $input) {
            __typename
            ... on ProfileUpdated { customer { email name locale } }
            ... on InvalidInput { problems { field message } }
            ... on UserError { message }
        }
    }
"""


async def test_what_is_left_out_stays(phone: Api) -> None:
    # when the name, then the language, then nothing, then no name is said
    answers = [
        await phone.do(UPDATE_PROFILE, name="Asha K"),
        await phone.do(UPDATE_PROFILE, locale="ml-IN"),
        await phone.do(UPDATE_PROFILE),
        await phone.do(UPDATE_PROFILE, name=None),
    ]
    # then only that changed
    profiles = [(answer["customer"]["name"], answer["customer"]["locale"]) for answer in answers]
    assert profiles == [("Asha K", "en-IN"), ("Asha K", "ml-IN"), ("Asha K", "ml-IN"), (None, "ml-IN")]


@pytest.mark.parametrize(
    ("field", "said"),
    [("name", " "), ("name", "x" * 81), ("name", "a\u0007b"), ("locale", ""), ("locale", "english!"), ("locale", "x")],
)
async def test_what_cannot_be_a_name_or_a_language_is_said_so(
    phone: Api, asha: Person, conn: Conn, field: str, said: str
) -> None:
    before = await everything(conn)
    answer = await phone.do(UPDATE_PROFILE, **{field: said})
    assert answer["__typename"] == "InvalidInput"
    assert [problem["field"] for problem in answer["problems"]] == [field]
    assert await everything(conn) == before


async def test_nobody_must_sign_in_first(anybody: Api) -> None:
    assert await anybody.failure(UPDATE_PROFILE, input={"name": "X"}) == "UNAUTHENTICATED"
