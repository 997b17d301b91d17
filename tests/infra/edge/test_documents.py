"""Documents are read once, and found again by their text."""

import pytest

from infra.edge.documents import Documents
from infra.edge.limits import Limits
from infra.edge.plans import Plans
from infra.edge.refusals import RequestRefused
from tests.infra.edge.shop import SCHEMA


def documents(**more: int) -> Documents:
    return Documents(SCHEMA._schema, limits=Limits(), introspection=False, **more)


def test_a_document_is_read_once() -> None:
    found = documents()
    assert found.read("{ who }", None) is found.read("{ who }", None)
    assert len(found) == 1


def test_what_was_refused_is_not_remembered() -> None:
    found = documents()
    for text in ("{", "{ nope }", "{ a " * 20 + "}" * 20):
        with pytest.raises(RequestRefused):
            found.read(text, None)
    assert len(found) == 0


def test_the_least_used_are_forgotten_when_there_are_too_many_tokens() -> None:
    # given: room for three documents of three tokens
    found = documents(cached_tokens=9)
    kept = found.read("{ who }", None)
    forgotten = found.read("{ boom }", None)
    found.read("{ asked }", None)
    # when
    assert found.read("{ who }", None) is kept
    found.read("{ slow }", None)
    # then
    assert len(found) == 3
    assert found.read("{ who }", None) is kept
    assert found.read("{ boom }", None) is not forgotten


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{ who }", "who"),
        ("{ a: who b: boom }", "who"),
        ("{ ...F boom } fragment F on Query { who }", "who"),
        ("{ ... { ... on Query { who } } boom }", "who"),
        ("{ __typename }", "__typename"),
        ('mutation M { rename(name: "x") { __typename } }', "rename"),
    ],
)
def test_the_first_root_field_is_known(text: str, field: str) -> None:
    assert documents().read(text, None).root_field == field


def test_the_name_of_the_operation_must_be_the_one_that_is_asked_for() -> None:
    found = documents()
    assert found.read("query A { who }", "A").name == "A"
    with pytest.raises(RequestRefused) as refused:
        found.read("query A { who }", "B")
    assert (refused.value.status, refused.value.code) == (400, "BAD_REQUEST")


def test_plans_are_shared_only_where_nothing_depends_on_variables() -> None:
    found = documents()
    assert found.read("{ who }", None).plans == Plans()
    assert found.read("query($s: Boolean!) { who @skip(if: $s) }", None).plans is None
    assert found.read("query($s: Boolean!) { ... @include(if: $s) { who } }", None).plans is None


PAGES = """query($n: Int = 3) {
    viewer { cards { history(first: $n) { edges { node { id kind points balanceAfter occurredAt receiptNumber } } } } }
}"""


@pytest.mark.parametrize(
    ("page", "code"),
    [(3, None), (100, "QUERY_TOO_COMPLEX"), (101, "BAD_USER_INPUT"), (0, "BAD_USER_INPUT"), (-1, "BAD_USER_INPUT")],
)
def test_pages_by_variable_are_judged_when_the_variable_is_known(page: int, code: str | None) -> None:
    # given: full pages would cost 4,007
    found = Documents(SCHEMA._schema, limits=Limits(cost=4_000), introspection=False)
    document = found.read(PAGES, None)
    # when, then
    if code is None:
        found.check_variables(document, {"n": page})
    else:
        with pytest.raises(RequestRefused) as refused:
            found.check_variables(document, {"n": page})
        assert (refused.value.status, refused.value.code) == (400, code)


def test_a_literal_page_is_judged_at_once() -> None:
    found = Documents(SCHEMA._schema, limits=Limits(cost=4_000), introspection=False)
    with pytest.raises(RequestRefused) as refused:
        found.read(PAGES.replace("query($n: Int = 3)", "").replace("$n", "100"), None)
    assert refused.value.code == "QUERY_TOO_COMPLEX"
