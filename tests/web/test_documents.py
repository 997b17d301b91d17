"""The pages' GraphQL documents against the published API, and the pages' files against each other."""

import json
import posixpath
import re
from importlib.resources import files

import httpx
import pytest
from graphql import (
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import VariableValues, get_variable_values

from web.assets import APIS, assets
from web.documents import id_of, known
from web.pages.demo_steps import CUSTOMER, FILL, TILL, Step, steps

STEPS = steps(email="asha@example.com", refused_email="bounce@example.com", program_slug="coffee", currency="INR")
STATIC = files("web.static")
SUGGESTED = {document.name for document in known(STATIC / "documents" / "demo").values()}
PAGES = [
    (folder, document.name, document.text)
    for folder in APIS
    for document in known(STATIC.joinpath(*folder.split("/"))).values()
]
SCRIPTS = {name: found.content.decode() for name, found in assets().items() if name.endswith((".js", ".mjs"))}
NAMES = {"preact", "preact/hooks", "htm", "words"}
"""What is imported by a name, which import maps lead to a file."""
TEMPLATES = {
    file.name: file.read_text("utf-8") for file in files("web.pages").iterdir() if file.name.endswith(".jinja")
}


def published(endpoint: str) -> GraphQLSchema:
    name = {CUSTOMER: "customer", TILL: "pos"}[endpoint]
    return build_schema((files("schema") / f"{name}.graphql").read_text("utf-8"))


def operation_of(text: str) -> OperationDefinitionNode:
    operation = get_operation_ast(parse(text))
    assert operation is not None
    return operation


def fields_of(selected: SelectionSetNode) -> dict[str, SelectionSetNode | None]:
    """The fields that are asked for, of whatever type, and what is asked of each."""
    found: dict[str, SelectionSetNode | None] = {}
    for selection in selected.selections:
        if isinstance(selection, FieldNode):
            found[selection.name.value] = selection.selection_set
        elif isinstance(selection, InlineFragmentNode):
            found |= fields_of(selection.selection_set)
    return found


@pytest.mark.parametrize(("folder", "name", "text"), PAGES, ids=lambda said: said if len(said) < 40 else "")
def test_document_of_a_page_is_valid_and_called_like_its_file(folder: str, name: str, text: str) -> None:
    assert validate(published(APIS[folder]), parse(text)) == []
    found = operation_of(text).name
    assert found is not None
    assert found.value == name


@pytest.mark.parametrize(("folder", "name", "text"), PAGES, ids=lambda said: said if len(said) < 40 else "")
def test_document_of_a_page_is_asked_by_one_and_by_its_id(folder: str, name: str, text: str) -> None:
    """Scripts have `import * as documents`, or take single ones."""
    modules = rf'{{[^}}]*\b{name}\b[^}}]*}} from "[./]*{folder}\.js"'
    asking = [
        script
        for script, said in SCRIPTS.items()
        if f'{folder}.js"' in said and (re.search(rf"\bdocuments\.{name}\b", said) or re.search(modules, said))
    ]

    assert asking
    said = json.dumps({"api": APIS[folder], "name": name, "id": id_of(text)})
    assert f"export const {name} = {said};" in SCRIPTS[f"{folder}.js"]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_step_of_the_demo_can_be_run(step: Step) -> None:
    schema = published(step.endpoint)
    operation = operation_of(step.document)

    assert validate(schema, parse(step.document)) == []
    given = get_variable_values(schema, list(operation.variable_definitions or ()), dict(step.variables))
    assert isinstance(given, VariableValues), given


def test_steps_know_what_they_need_from_the_steps_before_them() -> None:
    known = {"uuid", "activationCode"}
    for step in STEPS:
        needed = set(re.findall(FILL.format(r"(\w+)"), step.variables_json))
        assert needed <= known, step.name
        known |= set(step.learns)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_step_asks_for_what_it_learns(step: Step) -> None:
    for path in step.learns.values():
        reached: SelectionSetNode | None = operation_of(step.document).selection_set
        for key in (key for key in path.split(".") if not key.isdigit()):
            assert reached is not None, path
            assert key in fields_of(reached), path
            reached = fields_of(reached)[key]
        assert reached is None, path


def test_every_suggested_document_is_a_step() -> None:
    assert {step.name for step in STEPS} == SUGGESTED


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_imports_only_what_is_served(name: str) -> None:
    for said in re.findall(r'(?:\bfrom|\bimport\()\s*"([\w./-]+)"', SCRIPTS[name]):
        where = f"/static/{posixpath.dirname(name)}"
        address = posixpath.normpath(posixpath.join(where, said)) if said.startswith(".") else said
        assert said in NAMES or address.removeprefix("/static/") in assets(), said


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_asks_only_what_there_is(name: str) -> None:
    # An export that is missing is undefined where all of a module are imported, and nobody complains before it is used.
    for said in re.findall(r'\bimport \* as documents from "([\w./-]+)"', SCRIPTS[name]):
        module = SCRIPTS[posixpath.normpath(posixpath.join(posixpath.dirname(name), said))]
        exported = set(re.findall(r"\bexport const (\w+)", module))
        assert set(re.findall(r"\bdocuments\.(\w+)", SCRIPTS[name])) - {"js"} <= exported


def test_pages_load_only_what_is_served() -> None:
    loaded = {name for text in TEMPLATES.values() for name in re.findall(r'"/static/([^"{]+)"', text)}

    assert loaded
    assert loaded <= set(assets())


@pytest.mark.parametrize(
    ("scripts", "template"),
    [
        (("gift/gift.js", "gift/signing.js", "gift/claimed.js"), "claim.html.jinja"),
        (("confirm.js",), "confirm.html.jinja"),
    ],
)
def test_page_has_the_words_that_its_scripts_say(scripts: tuple[str, ...], template: str) -> None:
    texts = "".join(SCRIPTS[script] for script in scripts)
    said = {name for call in re.findall(r"\bword\(([^()]*)\)", texts) for name in re.findall(r'"(\w+)"', call)}
    said |= {"busy", "lost", "failed"}  # page.js says them for every page

    assert said == set(re.findall(r'data-word="(\w+)"', TEMPLATES[template]))


def test_claim_page_has_a_place_for_each_fact_of_the_result() -> None:
    places = set(re.findall(r'data-slot="(\w+)"|slot\("(\w+)"\)', TEMPLATES["claim.html.jinja"]))
    filled = re.search(r"return \{\n(.*?)\n  \};", SCRIPTS["gift/result.js"], re.DOTALL)

    assert filled is not None
    names = set(re.findall(r"^\s+(\w+)[:,]", filled[1], re.MULTILINE))
    unsaid = {"giftId", "cardId", "onCard", "yours", "inWords", "look"}
    assert unsaid < names
    assert {name for pair in places for name in pair if name} == names - unsaid | {"account", "ended", "shortCode"}


async def test_file_is_sent_once_to_a_browser_that_keeps_it(browser: httpx.AsyncClient) -> None:
    first = await browser.get("/static/page.css")
    again = await browser.get("/static/page.css", headers={"if-none-match": first.headers["etag"]})

    assert (first.status_code, first.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert first.headers["x-content-type-options"] == "nosniff"
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])


@pytest.mark.parametrize("name", ["__init__.py", "claimGift.graphql", "..%2Fassets.py", "nothing.js", "%00", ""])
async def test_nothing_else_is_served(browser: httpx.AsyncClient, name: str) -> None:
    assert (await browser.get(f"/static/{name}")).status_code == 404
