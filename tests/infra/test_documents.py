"""Which documents a server knows from its start, and what it says of those that it cannot use."""

import json
from pathlib import Path

import pytest

from infra import documents, settings
from infra.documents import Registered, Unreadable
from infra.settings import SettingsError
from web.documents import id_of

CARDS = "query Cards { viewer { cards { number } } }"
TERMINAL = "query Terminal { terminal { name } }"
CUSTOMER, POS = "customer", "pos"


def put(folder: Path, **files: str) -> Path:
    """A folder with these files; `customer__a_graphql` is `customer/a.graphql`."""
    for name, text in files.items():
        audience, _, file = name.partition("__")
        path = folder / audience / ".".join(file.rsplit("_", 1))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def refused(folder: Path) -> tuple[str, ...]:
    with pytest.raises(Unreadable) as error:
        documents.of_folder(folder)
    return error.value.sentences


def apollo(*operations: object, version: object = 1) -> str:
    return json.dumps({"format": "apollo-persisted-query-manifest", "version": version, "operations": operations})


def test_pages_documents_are_known_and_can_be_executed_by_their_apis() -> None:
    found = documents.of_settings(settings.load())

    places = {each.place for some in found.values() for each in some}
    assert "web/static/documents/claimGift.graphql" in places
    assert not any("/demo/" in place for place in places)
    assert documents.problems(found, introspection=False) == []


def test_own_documents_come_beside_those_of_the_pages(tmp_path: Path) -> None:
    folder = put(tmp_path, customer__cards_graphql=CARDS, pos__terminal_graphql=TERMINAL)

    pages, found = (documents.of_settings(settings.load(documents_folder=each)) for each in (None, folder))

    own = {audience: set(found[audience]) - set(pages[audience]) for audience in (CUSTOMER, POS)}
    assert own == {
        CUSTOMER: {Registered(f"{folder}/customer/cards.graphql", CARDS)},
        POS: {Registered(f"{folder}/pos/terminal.graphql", TERMINAL)},
    }
    assert all(set(pages[audience]) <= set(found[audience]) for audience in (CUSTOMER, POS))
    documents.check_for_serving(settings.load(documents_folder=folder))


def test_document_that_is_there_twice_is_known_once(tmp_path: Path) -> None:
    manifest = json.dumps({id_of(CARDS): CARDS})
    folder = put(tmp_path, customer__a_graphql=CARDS, customer__b_graphql=CARDS, customer__c_json=manifest)

    found = documents.of_settings(settings.load(documents_folder=folder))[CUSTOMER]

    assert [each.text for each in found].count(CARDS) == 1


@pytest.mark.parametrize(
    "manifest",
    [
        json.dumps({id_of(CARDS): CARDS}),
        json.dumps({id_of(CARDS).removeprefix("sha256:"): CARDS}),
        apollo({"id": id_of(CARDS).removeprefix("sha256:"), "name": "Cards", "type": "query", "body": CARDS}),
    ],
    ids=["by-id", "by-hash", "apollo"],
)
def test_manifest_of_a_compiler_is_read(tmp_path: Path, manifest: str) -> None:
    found = documents.of_folder(put(tmp_path, customer__persisted_json=manifest))

    assert [(each.id, each.text) for each in found[CUSTOMER]] == [(id_of(CARDS), CARDS)]
    assert found[POS] == ()


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    assert documents.of_folder(put(tmp_path, pos__README_md="# Ours")) == {CUSTOMER: (), POS: ()}


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        ("", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        ("[]", "should be an object"),
        ("null", "should be an object"),
        (json.dumps({"abc": CARDS}), f"abc is not the SHA-256 of its document, which is {id_of(CARDS)}."),
        (json.dumps({id_of(TERMINAL): CARDS}), f"{id_of(TERMINAL)} is not the SHA-256 of its document"),
        (json.dumps({id_of(CARDS): 1}), "ids and documents are strings"),
        (json.dumps({id_of(CARDS): "\ud800"}), "is not valid JSON"),
        (apollo(version=2), "has version 1 and a list of operations"),
        (apollo("a"), "an operation is an object with id and body"),
        (apollo({"id": "1"}), "ids and documents are strings"),
        (apollo({"body": CARDS}), "ids and documents are strings"),
    ],
)
def test_manifest_with_a_mistake_is_refused_with_file_and_reason(tmp_path: Path, manifest: str, sentence: str) -> None:
    [said] = refused(put(tmp_path, customer__persisted_json=manifest))

    assert said.startswith(f"{tmp_path}/customer/persisted.json")
    assert sentence in said


def test_every_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    put(tmp_path, customer__a_json="{", pos__b_json="{")
    (tmp_path / "customer" / "c.graphql").write_bytes(b"\xff")
    (tmp_path / "pos" / "d.graphql").mkdir()

    named = [str(sentence).split(" ")[0] for sentence in refused(tmp_path)]

    assert named == [
        f"{tmp_path}/{file}" for file in ("customer/a.json", "customer/c.graphql", "pos/b.json", "pos/d.graphql")
    ]


@pytest.mark.parametrize("folder", ["nothing", "empty"])
def test_folder_without_audiences_is_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()

    assert refused(tmp_path / folder) == (f"{tmp_path}/{folder} has neither a folder customer nor a folder pos.",)
    with pytest.raises(SettingsError, match=r"REGULARS_DOCUMENTS_FOLDER: .* has neither"):
        documents.of_settings(settings.load(documents_folder=tmp_path / folder))


def test_every_document_that_would_not_be_executed_is_named_with_the_reason(tmp_path: Path) -> None:
    # given
    folder = put(
        tmp_path,
        customer__broken_graphql="{",
        customer__deep_graphql="{ viewer " + "{ cards " * 12 + "{ number }" + " }" * 12 + " }",
        customer__good_graphql=CARDS,
        customer__till_graphql=TERMINAL,
        customer__two_graphql=CARDS + TERMINAL,
        pos__member_graphql=CARDS,
    )
    # when
    with pytest.raises(SettingsError) as error:
        documents.check_for_serving(settings.load(documents_folder=folder))
    # then
    told = dict(sentence.split(" cannot be executed: ") for sentence in error.value.sentences)
    assert {place.removeprefix(f"{tmp_path}/"): reason for place, reason in told.items()} == {
        "customer/broken.graphql": "Syntax Error: Expected Name, found <EOF>.",
        "customer/deep.graphql": "The document asks for too many levels of fields: 10 are allowed, this has 14.",
        "customer/till.graphql": "Cannot query field 'terminal' on type 'Query'.",
        "customer/two.graphql": "A document has one operation; this one has 2.",
        "pos/member.graphql": "Cannot query field 'viewer' on type 'Query'.",
    }


def test_document_that_asks_for_the_schema_is_good_where_introspection_is(tmp_path: Path) -> None:
    folder = put(tmp_path, pos__types_graphql="{ __schema { types { name } } }")

    documents.check_for_serving(settings.load(documents_folder=folder, environment="development"))
    with pytest.raises(SettingsError, match="introspection"):
        documents.check_for_serving(settings.load(documents_folder=folder))
