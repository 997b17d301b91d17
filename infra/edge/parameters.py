"""What a GraphQL request says, whichever way it came: as a body, in a URL, or in a message of a socket.

As in the GraphQL over HTTP specification: `query` is needed, or the document's id in its place; the others may be left
out or null, and members that nobody knows are ignored. An id is that of its appendix on persisted documents, as
`documentId`, or what Apollo's clients send for it, as `extensions.persistedQuery`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson

from infra.edge.refusals import BAD_USER_INPUT, bad_request, refused
from infra.edge.texts import is_storable_throughout

URL_PARAMETERS_MAX = 20
ESCAPE = b"\\u"
ID_PREFIX = "sha256:"
DOCUMENT_ID = re.compile(f"{ID_PREFIX}[0-9a-f]{{64}}")


@dataclass(frozen=True, slots=True)
class Parameters:
    """`query` or `document_id` is there, or both; nobody has compared them yet."""

    query: str | None
    document_id: str | None
    operation_name: str | None
    variables: Mapping[str, object]


def of_body(body: bytes) -> Parameters:
    """What the body of a POST says. Raises RequestRefused."""
    return of_json(parse(body, "The body"), escapes=ESCAPE in body)


def of_url(query_string: bytes) -> Parameters:
    """What the query string of a GET says. Raises RequestRefused."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=URL_PARAMETERS_MAX,
        )
    except ValueError as error:
        raise bad_request("The query string is no list of UTF-8 names and values, 20 at most.") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise bad_request("A parameter is given twice.")
        found[name] = value
    said: dict[str, object] = {name: found.get(name) for name in ("query", "documentId", "operationName")}
    for name in ("variables", "extensions"):
        text = found.get(name)
        said[name] = parse(text.encode(), f"`{name}`") if text else None
    return of_json(said, escapes=True)


def of_json(said: object, *, escapes: bool) -> Parameters:
    """What a JSON value says that should be a GraphQL request. Raises RequestRefused.

    `escapes` is whether its text had any `\\u`, the only way for a NUL to get into a JSON string.
    """
    if isinstance(said, list):
        raise bad_request("One request at a time: batches are not served.")
    if not isinstance(said, dict):
        raise bad_request("A request is a JSON object.")
    query, operation_name = said.get("query"), said.get("operationName")
    variables, extensions = said.get("variables"), said.get("extensions")
    if query is not None and not isinstance(query, str):
        raise bad_request("`query` must be a string.")
    if operation_name is not None and not isinstance(operation_name, str):
        raise bad_request("`operationName` must be a string or null.")
    if variables is not None and not isinstance(variables, dict):
        raise bad_request("`variables` must be an object or null.")
    if extensions is not None and not isinstance(extensions, dict):
        raise bad_request("`extensions` must be an object or null.")
    if escapes and not is_storable_throughout(variables):
        raise refused(
            400, BAD_USER_INPUT, "A text in `variables` has a NUL character or half of a surrogate pair in it."
        )
    document_id = None if "documentId" not in said and not extensions else _document_id(said, extensions or {})
    if query is None and document_id is None:
        raise bad_request("`query` is missing: the GraphQL document to execute. A `documentId` may stand for it.")
    return Parameters(query, document_id, operation_name or None, variables or {})


def _document_id(said: Mapping[str, object], extensions: Mapping[str, object]) -> str | None:
    """The id of the document, if the request says one in either way. Raises RequestRefused."""
    given, persisted = said.get("documentId"), extensions.get("persistedQuery")
    ids = set[str]()
    if given is not None:
        if not (isinstance(given, str) and DOCUMENT_ID.fullmatch(given)):
            raise bad_request(f"`documentId` must be `{ID_PREFIX}` and 64 lower-case hexadecimal digits.")
        ids.add(given)
    if persisted is not None:
        digits = persisted.get("sha256Hash") if isinstance(persisted, dict) and persisted.get("version") == 1 else None
        if not (isinstance(digits, str) and DOCUMENT_ID.fullmatch(ID_PREFIX + digits)):
            raise bad_request(
                "`extensions.persistedQuery` must have the `version` 1 "
                "and a `sha256Hash` of 64 lower-case hexadecimal digits."
            )
        ids.add(ID_PREFIX + digits)
    if len(ids) > 1:
        raise bad_request("`documentId` and `extensions.persistedQuery` name different documents.")
    return ids.pop() if ids else None


def parse(text: bytes, noun: str) -> object:
    """The JSON value. Raises RequestRefused, also for NaN, bad UTF-8, half a surrogate pair and endless nesting."""
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"{noun} is not valid JSON: {error.msg}, at character {error.pos}.") from error
    return value
