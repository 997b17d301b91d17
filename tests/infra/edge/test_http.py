"""GraphQL over HTTP: what is served, with which status, and what of an error is told."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query

from tests.infra.edge.shop import SECRET
from tests.infra.edge.site import OPEN, Site, served
from tests.infra.edge.wire import RESPONSE_JSON

NEW = {"Accept": RESPONSE_JSON}
OLD = {"Accept": "application/json"}
BOTH = pytest.mark.parametrize("headers", [NEW, OLD], ids=["new", "old"])


def ask(client: httpx.Client, query: str, headers: dict[str, str] | None = None, **more: object) -> httpx.Response:
    return client.post("/graphql", json={"query": query, **more}, headers=headers or NEW)


def errors_of(response: httpx.Response) -> list[dict[str, Any]]:
    return list(response.json()["errors"])


@BOTH
def test_a_query_is_answered(client: httpx.Client, headers: dict[str, str]) -> None:
    response = ask(client, "{ viewer { name cards { id number } } }", headers)
    cards = [{"id": "card-0", "number": "0"}, {"id": "card-1", "number": "1"}]
    assert (response.status_code, response.json()) == (200, {"data": {"viewer": {"name": "Maria", "cards": cards}}})


@BOTH
@pytest.mark.parametrize("parameter", ["variables", "operationName", "extensions"])
def test_null_is_as_good_as_nothing(client: httpx.Client, headers: dict[str, str], parameter: str) -> None:
    response = ask(client, "{ __typename }", headers, **{parameter: None})
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


@BOTH
def test_variables_extensions_names_and_unknown_members_are_taken(
    client: httpx.Client, headers: dict[str, str]
) -> None:
    response = ask(
        client,
        "query Double($n: Int!) { double(number: $n) }",
        headers,
        variables={"n": 21, "other": "x"},
        operationName="Double",
        extensions={"some": "value"},
        more={"of": ["this"]},
    )
    assert (response.status_code, response.json()) == (200, {"data": {"double": 42}})


def test_unicode_comes_and_goes_whole(client: httpx.Client) -> None:
    text = "Regulars 😀 റെഗുലേഴ്സ് नियमित ประจำ"
    said = ask(client, "query($t: String!) { echo(text: $t) }", variables={"t": text})
    escaped = ask(client, '{ echo(text: "\\u{1F600} \\ud83d\\ude00") }')
    assert (said.json(), escaped.json()) == ({"data": {"echo": text}}, {"data": {"echo": "😀 😀"}})


def test_a_query_by_get_is_answered(client: httpx.Client) -> None:
    parameters = {"query": "query($n: Int) { double(number: $n) }", "variables": '{"n": 4}', "operationName": ""}
    response = client.get("/graphql", params=parameters)
    assert (response.status_code, response.json()) == (200, {"data": {"double": 8}})


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", None, "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query($id: ID!) { node(id: $id) { id } }", {"id": None}, "BAD_USER_INPUT"),
    ],
)
def test_a_bad_document_is_400_and_200_for_old_clients(
    client: httpx.Client, query: str, variables: object, code: str
) -> None:
    new, old = (ask(client, query, headers, variables=variables) for headers in (NEW, OLD))
    assert (new.status_code, old.status_code) == (400, 200)
    for response in (new, old):
        assert "data" not in response.json()
        assert [error["extensions"]["code"] for error in errors_of(response)] == [code]


@BOTH
def test_a_token_that_is_no_good_is_401(client: httpx.Client, headers: dict[str, str]) -> None:
    response = ask(client, "{ __typename }", {**headers, "Authorization": "Bearer old"})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert [error["extensions"]["code"] for error in errors_of(response)] == ["UNAUTHENTICATED"]
    assert "data" not in response.json()


@pytest.mark.parametrize(("token", "kind"), [(None, "anonymous"), ("customer-3", "customer"), ("till", "terminal")])
def test_resolvers_know_who_calls(client: httpx.Client, token: str | None, kind: str) -> None:
    headers = NEW if token is None else {**NEW, "Authorization": f"Bearer {token}"}
    assert ask(client, "{ who }", headers).json() == {"data": {"who": kind}}


def test_a_mutation_answers_with_a_member_of_its_union(client: httpx.Client, site: Site) -> None:
    # given
    mutation = """mutation($name: String!) {
        rename(name: $name) { __typename ... on Renamed { name } ... on InvalidName { message } }
    }"""
    # when
    done = ask(client, mutation, variables={"name": "Asha"})
    refused = ask(client, mutation, variables={"name": " "})
    # then
    assert done.json() == {"data": {"rename": {"__typename": "Renamed", "name": "Asha"}}}
    assert refused.json()["data"]["rename"] == {"__typename": "InvalidName", "message": "A name is not empty."}
    assert site.world.renamed == ["Asha"]


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("{ signedInOnly }", "UNAUTHENTICATED", "Sign in first."),
        ("{ ownerOnly }", "FORBIDDEN", "Owners only."),
        ('{ picky(after: "x") }', "BAD_USER_INPUT", "`after` is no cursor of this list."),
        ("{ staff }", "FORBIDDEN", "Staff only."),
    ],
)
def test_what_a_resolver_says_on_purpose_is_told(client: httpx.Client, query: str, code: str, message: str) -> None:
    response = ask(client, query)
    field = query.strip("{ }").partition("(")[0]
    assert (response.status_code, response.json()["data"]) == (200, {field: None})
    (error,) = errors_of(response)
    assert (error["message"], error["extensions"], error["path"]) == (message, {"code": code}, [field])


def test_an_argument_that_cannot_be_what_it_should_is_the_clients_mistake(client: httpx.Client) -> None:
    # `$n` may be null, as the argument has a default; that it is null is only found when it is used.
    response = ask(client, "query($n: Int) { double(number: $n) }", variables={"n": None})
    assert response.status_code == 200
    assert [error["extensions"]["code"] for error in errors_of(response)] == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ("{ boom }", {"boom": None}),
        ("{ mustNotBoom }", None),
        ("{ nothing }", None),
        ("{ tooBig }", {"tooBig": None}),
        ("{ halves { id name } }", {"halves": [{"id": "1", "name": "whole"}, None]}),
    ],
)
def test_what_nobody_planned_for_is_masked(
    client: httpx.Client, query: str, data: object, capfd: pytest.CaptureFixture[str]
) -> None:
    response = ask(client, query, {**NEW, "X-Request-Id": "the-id-of-this-request"})
    assert (response.status_code, response.json()["data"]) == (200, data)
    (error,) = errors_of(response)
    assert error["extensions"] == {"code": "INTERNAL", "requestId": "the-id-of-this-request"}
    assert SECRET not in response.text
    assert "RuntimeError" not in response.text


def test_strawberrys_info_is_all_there(client: httpx.Client) -> None:
    response = ask(client, "query($x: Int) { asked double(number: $x) }", variables={"x": 2})
    assert response.json()["data"]["asked"] == "asked query ['x']"


def test_an_operation_that_takes_too_long_is_given_up(http: httpx.Client) -> None:
    with served(replace(OPEN, operation_seconds=0.1)) as site:
        response = http.post(site.url, json={"query": "{ slow }"}, headers=NEW)
        after = http.post(site.url, json={"query": "{ __typename }"})
    assert (response.status_code, errors_of(response)[0]["extensions"]) == (408, {"code": "TIMEOUT"})
    assert "data" not in response.json()
    assert site.world.cancelled == 1
    assert after.status_code == 200


def test_each_request_has_a_context_of_its_own(client: httpx.Client, site: Site) -> None:
    before = site.world.contexts
    ask(client, "{ __typename }")
    ask(client, "{ nope }")
    ask(client, "{ who }")
    assert site.world.contexts == before + 2


def test_answers_are_stored_nowhere(client: httpx.Client) -> None:
    for response in (
        ask(client, "{ __typename }"),
        ask(client, "{"),
        client.get("/graphql", params={"query": "{ who }"}),
    ):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"


def test_introspection_is_served_in_development_alone(http: httpx.Client, site: Site, production: Site) -> None:
    full = {"query": get_introspection_query()}
    development = http.post(site.url, json=full, headers=NEW)
    refused = http.post(production.url, json=full, headers=NEW)
    hidden = http.post(production.url, json={"query": '{ __type(name: "Query") { name } }'}, headers=NEW)
    plain = http.post(production.url, json={"query": "{ __typename viewer { __typename } }"}, headers=NEW)
    assert len(development.json()["data"]["__schema"]["types"]) > 10
    assert (refused.status_code, hidden.status_code, plain.status_code) == (400, 400, 200)
    assert {error["extensions"]["code"] for error in errors_of(refused)} == {"GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ viewr { name } }"},
        {"query": "{ echo(txt: 1) }"},
        {"query": "{ ... on Crad { id } }"},
        {"query": "query($f: Filter!) { matching(filter: $f) }", "variables": {"f": {"txt": "a"}}},
    ],
)
def test_names_are_suggested_in_development_alone(
    http: httpx.Client, site: Site, production: Site, body: dict[str, object]
) -> None:
    helped = http.post(site.url, json=body, headers=NEW)
    refused = http.post(production.url, json=body, headers=NEW)
    assert "Did you mean" in helped.text
    assert "Did you mean" not in refused.text
    assert (helped.status_code, refused.status_code) == (400, 400)
