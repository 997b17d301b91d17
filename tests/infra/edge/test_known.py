"""Documents that are known before anybody asks: found by their id, and trusted alone where the server says so."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from infra.edge.known import KnownDocuments
from infra.edge.parameters import Parameters
from infra.edge.refusals import RequestRefused
from tests.infra.edge.shop import World
from tests.infra.edge.site import OPEN, PRODUCTION, Site, api_of, app_of, served
from tests.infra.edge.talk import begun, close_code, receive, send
from tests.infra.edge.wire import RESPONSE_JSON
from web.documents import id_of

NEW = {"Accept": RESPONSE_JSON}
OLD = {"Accept": "application/json"}
JSON_BODY = {"Content-Type": "application/json"}

ECHO = "query Echo($t: String!) { echo(text: $t) } # ✓\n"
RENAME = "mutation Rename($n: String!) { rename(name: $n) { __typename } }"
COUNT = "subscription Count($n: Int!) { countdown(start: $n) }"
TEXTS = {id_of(text): text for text in (ECHO, RENAME, COUNT)}
OTHER = "{ who }"
UNKNOWN = id_of(OTHER)


@pytest.fixture(scope="module")
def anything() -> Iterator[Site]:
    """Knows documents, and executes any other as well."""
    with served(OPEN, KnownDocuments(TEXTS)) as found:
        yield found


@pytest.fixture(scope="module")
def trusting() -> Iterator[Site]:
    """As in production: executes what it knows, and nothing else."""
    with served(PRODUCTION, KnownDocuments(TEXTS, trusted_only=True)) as found:
        yield found


def persisted(document_id: str) -> dict[str, object]:
    """How Apollo's clients say it."""
    return {"persistedQuery": {"version": 1, "sha256Hash": document_id.removeprefix("sha256:")}}


def post(http: httpx.Client, site: Site, said: dict[str, object], headers: dict[str, str] = NEW) -> httpx.Response:
    return http.post(site.url, json=said, headers=headers)


def codes_of(response: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


def told(answer: httpx.Response) -> tuple[int, list[str]]:
    return answer.status_code, codes_of(answer)


@pytest.fixture(params=["anything", "trusting"])
def either(request: pytest.FixtureRequest) -> Site:
    found: Site = request.getfixturevalue(request.param)
    found.world.seen_texts.clear()
    return found


# ---------------------------------------------------------------- by their id


@pytest.mark.parametrize("headers", [NEW, OLD], ids=["new", "old"])
@pytest.mark.parametrize(
    "said",
    [
        {"documentId": id_of(ECHO)},
        {"documentId": id_of(ECHO), "query": None},
        {"extensions": persisted(id_of(ECHO))},
        {"documentId": id_of(ECHO), "extensions": persisted(id_of(ECHO))},
        {"documentId": id_of(ECHO), "query": ECHO},
        {"extensions": persisted(id_of(ECHO)), "query": ECHO},
        {"query": ECHO},
        {"documentId": None, "extensions": {"persistedQuery": None}, "query": ECHO},
    ],
)
def test_known_document_is_executed_however_it_is_named(
    http: httpx.Client, either: Site, said: dict[str, object], headers: dict[str, str]
) -> None:
    answer = post(http, either, {**said, "variables": {"t": "hi"}, "operationName": "Echo"}, headers)

    assert (answer.status_code, answer.json()) == (200, {"data": {"echo": "hi"}})


def test_known_query_is_executed_by_get(http: httpx.Client, either: Site) -> None:
    variables = json.dumps({"t": "hi"})
    by_id = http.get(either.url, params={"documentId": id_of(ECHO), "variables": variables}, headers=NEW)
    by_hash = http.get(
        either.url, params={"extensions": json.dumps(persisted(id_of(ECHO))), "variables": variables}, headers=NEW
    )

    for answer in (by_id, by_hash):
        assert (answer.status_code, answer.json()) == (200, {"data": {"echo": "hi"}})


def test_get_changes_nothing_by_an_id_either(http: httpx.Client, either: Site) -> None:
    either.world.renamed.clear()

    answer = http.get(either.url, params={"documentId": id_of(RENAME), "variables": '{"n": "Joe"}'}, headers=NEW)

    assert told(answer) == (405, ["BAD_REQUEST"])
    assert answer.headers["allow"] == "POST"
    assert either.world.renamed == []


def test_operation_of_another_name_is_refused(http: httpx.Client, either: Site) -> None:
    assert told(post(http, either, {"documentId": id_of(ECHO), "operationName": "Other"})) == (400, ["BAD_REQUEST"])


def test_document_is_read_once_whether_it_comes_as_an_id_or_as_a_text(http: httpx.Client) -> None:
    with served(OPEN, KnownDocuments(TEXTS)) as site:
        before = len(site.api.engine.documents)
        post(http, site, {"documentId": id_of(ECHO), "variables": {"t": "a"}})
        post(http, site, {"query": ECHO, "variables": {"t": "b"}})

        assert (before, len(site.api.engine.documents)) == (0, 1)
        assert site.world.seen_texts == ["a", "b"]


# ---------------------------------------------------------------- not known


@pytest.mark.parametrize("said", [{"documentId": UNKNOWN}, {"extensions": persisted(UNKNOWN)}])
def test_unknown_id_is_told_what_to_do(http: httpx.Client, either: Site, said: dict[str, object]) -> None:
    answers = [post(http, either, said, headers) for headers in (NEW, OLD)]

    assert [told(answer) for answer in answers] == [
        (400, ["PERSISTED_QUERY_NOT_FOUND"]),
        (200, ["PERSISTED_QUERY_NOT_FOUND"]),
    ]
    [error] = answers[0].json()["errors"]
    assert "regulars documents" in error["message"]
    assert "docs/OPERATIONS.md" in error["message"]
    assert "data" not in answers[0].json()


def test_unknown_id_by_get_is_not_found(http: httpx.Client, either: Site) -> None:
    assert told(http.get(either.url, params={"documentId": UNKNOWN}, headers=NEW)) == (
        400,
        ["PERSISTED_QUERY_NOT_FOUND"],
    )


@pytest.mark.parametrize(
    "said",
    [
        {"documentId": id_of(RENAME), "query": ECHO},
        {"documentId": id_of(ECHO), "query": ECHO + " "},
        {"documentId": id_of(ECHO), "query": ""},
        {"documentId": UNKNOWN, "query": ECHO},
        {"extensions": persisted(UNKNOWN), "query": ECHO},
        {"documentId": id_of(ECHO), "extensions": persisted(UNKNOWN)},
        {"documentId": id_of(ECHO), "extensions": persisted(id_of(RENAME)), "query": ECHO},
        {"documentId": id_of(ECHO).upper(), "query": ECHO},
        {"documentId": id_of(ECHO).removeprefix("sha256:"), "query": ECHO},
        {"documentId": id_of(ECHO) + "0", "query": ECHO},
        {"documentId": "x-ours:1"},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": id_of(ECHO)[7:]}}, "query": ECHO},
        {"extensions": {"persistedQuery": {"sha256Hash": id_of(ECHO)[7:]}}},
    ],
)
def test_text_and_id_that_do_not_belong_together_are_refused(
    http: httpx.Client, either: Site, said: dict[str, object]
) -> None:
    answer = post(http, either, {**said, "variables": {"t": "hi"}})

    assert told(answer) == (400, ["BAD_REQUEST"])
    assert either.world.seen_texts == []


def test_text_with_its_id_is_executed_where_anything_is(http: httpx.Client, anything: Site) -> None:
    answers = [post(http, anything, {"query": OTHER, "documentId": each}) for each in (UNKNOWN, None)]

    assert [answer.json() for answer in answers] == [{"data": {"who": "anonymous"}}] * 2
    # And what came once is not known from then on.
    assert told(post(http, anything, {"documentId": UNKNOWN})) == (400, ["PERSISTED_QUERY_NOT_FOUND"])


@pytest.mark.parametrize("headers", [NEW, OLD], ids=["new", "old"])
@pytest.mark.parametrize(
    "said",
    [
        {"query": OTHER},
        {"query": OTHER, "documentId": UNKNOWN},
        {"query": ECHO + "\n"},
        {"query": "{"},
        {"query": ""},
        {"query": "{ a " * 1_000},
        {"query": "{ __schema { types { name } } }"},
    ],
)
def test_unknown_text_is_refused_before_it_is_parsed(
    http: httpx.Client, trusting: Site, said: dict[str, object], headers: dict[str, str]
) -> None:
    remembered = len(trusting.api.engine.documents)

    answer = post(http, trusting, {**said, "variables": {"t": "hi"}}, headers)

    assert told(answer) == (400, ["DOCUMENT_NOT_TRUSTED"])
    assert "regulars documents" in answer.json()["errors"][0]["message"]
    assert len(trusting.api.engine.documents) == remembered


def test_server_that_knows_nothing_and_trusts_nothing_else_executes_nothing(http: httpx.Client) -> None:
    with served(PRODUCTION, KnownDocuments({}, trusted_only=True)) as site:
        assert told(post(http, site, {"query": "{ __typename }"})) == (400, ["DOCUMENT_NOT_TRUSTED"])


def test_table_does_not_change_with_what_it_was_made_of() -> None:
    texts = dict(TEXTS)
    known = KnownDocuments(texts, trusted_only=True)
    texts[UNKNOWN] = OTHER

    for said in (Parameters(None, UNKNOWN, None, {}), Parameters(OTHER, None, None, {})):
        with pytest.raises(RequestRefused):
            known.text_of(said)


# ---------------------------------------------------------------- over a socket


def subscribe(**payload: object) -> dict[str, object]:
    return {"type": "subscribe", "id": "1", "payload": payload}


async def heard(site: Site, **payload: object) -> list[dict[str, Any]]:
    """What comes over a socket, to the end of the subscription."""
    async with begun(site) as socket:
        await send(socket, subscribe(**payload))
        messages = [await receive(socket)]
        while messages[-1]["type"] == "next":
            messages.append(await receive(socket))
    return messages


@pytest.mark.parametrize(
    "said", [{"documentId": id_of(COUNT)}, {"extensions": persisted(id_of(COUNT))}, {"query": COUNT}]
)
async def test_known_subscription_is_served(either: Site, said: dict[str, object]) -> None:
    assert await heard(either, **said, variables={"n": 1}) == [
        {"type": "next", "id": "1", "payload": {"data": {"countdown": 1}}},
        {"type": "complete", "id": "1"},
    ]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"documentId": UNKNOWN}, "PERSISTED_QUERY_NOT_FOUND"),
        ({"query": "subscription { waiting }"}, "DOCUMENT_NOT_TRUSTED"),
        ({"query": COUNT + " "}, "DOCUMENT_NOT_TRUSTED"),
        ({"documentId": id_of(ECHO), "query": COUNT}, "BAD_REQUEST"),
        ({"documentId": id_of(ECHO), "variables": {"t": "a"}}, "BAD_REQUEST"),
    ],
)
async def test_what_is_not_trusted_over_a_socket_is_answered_with_an_error(
    trusting: Site, said: dict[str, object], code: str
) -> None:
    [message] = await heard(trusting, **said)

    assert (message["type"], message["id"]) == ("error", "1")
    assert [error["extensions"]["code"] for error in message["payload"]] == [code]


async def test_id_of_another_form_closes_the_socket(either: Site) -> None:
    async with begun(either) as socket:
        await send(socket, subscribe(documentId="sha256:00"))
        assert await close_code(socket) == 4400


# ---------------------------------------------------------------- whatever is said

ids = st.one_of(
    st.sampled_from([*TEXTS, UNKNOWN, UNKNOWN.upper(), "sha256:"]),
    st.text(max_size=80),
    st.text("0123456789abcdefABCDEF", min_size=60, max_size=70).map("sha256:{}".format),
    st.none() | st.integers() | st.booleans() | st.lists(st.none(), max_size=1),
)
extensions = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {
            "persistedQuery": st.one_of(
                ids,
                st.fixed_dictionaries(
                    {"version": st.sampled_from([1, 1.0, 2, "1", None]), "sha256Hash": ids}, optional={"more": ids}
                ),
            )
        }
    ),
)
queries = st.one_of(st.none(), st.sampled_from([ECHO, OTHER, ""]), st.text(max_size=20))
requests = st.fixed_dictionaries(
    {}, optional={"documentId": ids, "extensions": extensions, "query": queries, "variables": st.just({"t": "a"})}
)


@pytest.mark.parametrize("trusted_only", [False, True])
def test_no_id_is_answered_with_a_5xx_nor_leads_to_another_text(trusted_only: bool) -> None:
    api = api_of(World(), PRODUCTION, KnownDocuments(TEXTS, trusted_only=trusted_only))
    transport = httpx.ASGITransport(app=app_of(api))

    @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(said=requests, headers=st.sampled_from([NEW, OLD]))
    @example(said={"documentId": id_of(ECHO), "query": "\ud800"}, headers=NEW)
    @example(said={"documentId": "sha256:\ud800", "query": ECHO}, headers=NEW)
    def one(said: dict[str, Any], headers: dict[str, str]) -> None:
        async def go() -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
                content = json.dumps(said).encode()
                return await client.post("/graphql", content=content, headers={**headers, **JSON_BODY})

        answer = asyncio.run(go())
        assert answer.status_code in {200, 400}
        if "data" in answer.json() and trusted_only:
            assert said.get("query") in {None, *TEXTS.values()}

    one()
