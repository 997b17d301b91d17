"""Which documents each API knows from its start: those of our pages, and those of a folder of the settings.

The folder has `customer/` and `pos/`. In each are `*.graphql` files with one operation each, or manifests of clients'
compilers: `*.json` with texts by their SHA-256 (as Relay writes them), or with `operations`, each with `id` and `body`
(`apollo-persisted-query-manifest`, version 1).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import orjson

from infra.edge.documents import Documents
from infra.edge.endpoint import Options
from infra.edge.known import KnownDocuments
from infra.edge.refusals import RequestRefused
from infra.settings import Settings, SettingsError
from resolvers.root_customer import customer_schema
from resolvers.root_pos import pos_schema
from web import documents as pages

PAGES = {"customer": "documents", "pos": "documents/pos"}
"""The folder of web/static that has the documents which our pages run at each audience's API."""
SCHEMAS = {"customer": customer_schema, "pos": pos_schema}
APOLLO_MANIFEST = "apollo-persisted-query-manifest"


@dataclass(frozen=True, slots=True)
class Registered:
    """One document, and the place that a person looks for it at."""

    place: str
    text: str

    @property
    def id(self) -> str:
        return pages.id_of(self.text)


Registry = Mapping[str, tuple[Registered, ...]]
"""The documents of each audience."""


class Unreadable(Exception):
    """Files or folders are not what they should be. Each sentence says where and why."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def of_settings(settings: Settings) -> Registry:
    """What a server with these settings knows, each document once. Raises SettingsError."""
    found = {audience: list(_of_pages(folder)) for audience, folder in PAGES.items()}
    if settings.documents_folder is not None:
        try:
            for audience, more in of_folder(settings.documents_folder).items():
                found[audience] += more
        except Unreadable as trouble:
            raise SettingsError(*(f"REGULARS_DOCUMENTS_FOLDER: {each}" for each in trouble.sentences)) from trouble
    return {audience: tuple({each.id: each for each in some}.values()) for audience, some in found.items()}


def of_folder(folder: Path) -> Registry:
    """What is in a folder that has `customer` or `pos`, or both. Raises Unreadable, with a sentence for each file."""
    files_of = {audience: _files(folder / audience) for audience in SCHEMAS}
    if all(some is None for some in files_of.values()):
        raise Unreadable(f"{folder} has neither a folder customer nor a folder pos.")
    found: dict[str, list[Registered]] = {audience: [] for audience in SCHEMAS}
    troubles: list[str] = []
    for audience, some in files_of.items():
        for file in some or ():
            try:
                found[audience] += _of_file(file)
            except Unreadable as trouble:
                troubles += trouble.sentences
    if troubles:
        raise Unreadable(*troubles)
    return {audience: tuple(some) for audience, some in found.items()}


def check_for_serving(settings: Settings) -> None:
    """Raises SettingsError, naming each, if the documents of the settings cannot be read or would not be executed."""
    troubles = problems(of_settings(settings), introspection=settings.environment != "production")
    if troubles:
        raise SettingsError(*troubles)


def problems(registry: Registry, *, introspection: bool) -> list[str]:
    """A sentence for each document that its API would not execute, with its place and the reason."""
    return [
        f"{each.place} cannot be executed: {reason}"
        for audience, some in registry.items()
        for each, reason in _refused(some, _reader(audience, introspection=introspection))
    ]


def known(registered: Iterable[Registered], *, trusted_only: bool) -> KnownDocuments:
    """What the edge asks about each request."""
    return KnownDocuments({each.id: each.text for each in registered}, trusted_only=trusted_only)


def _reader(audience: str, *, introspection: bool) -> Documents:
    core = SCHEMAS[audience]._schema  # noqa: SLF001 -- strawberry has no public name for the schema of graphql-core
    return Documents(core, limits=Options().limits, introspection=introspection)


def _refused(registered: Iterable[Registered], documents: Documents) -> Iterator[tuple[Registered, str]]:
    for each in registered:
        try:
            documents.read(each.text, None)
        except RequestRefused as refusal:
            yield each, " ".join(str(error["message"]) for error in refusal.errors)


def _of_pages(folder: str) -> Iterator[Registered]:
    for document in pages.known(files("web.static").joinpath(*folder.split("/"))).values():
        yield Registered(f"web/static/{folder}/{document.name}.graphql", document.text)


def _files(folder: Path) -> list[Path] | None:
    """In the order of their names; None if there is no such folder. Raises Unreadable."""
    try:
        return sorted(folder.iterdir()) if folder.is_dir() else None
    except OSError as trouble:
        raise Unreadable(f"{folder} cannot be read: {trouble.strerror}.") from trouble


def _of_file(file: Path) -> Iterator[Registered]:
    """What a document or a manifest holds; nothing, for a file that is neither. Raises Unreadable."""
    try:
        if file.suffix == ".graphql":
            yield Registered(str(file), file.read_bytes().decode("utf-8"))
        elif file.suffix == ".json":
            yield from _of_manifest(file)
    except UnicodeDecodeError as trouble:
        raise Unreadable(f"{file} is not UTF-8.") from trouble
    except OSError as trouble:
        raise Unreadable(f"{file} cannot be read: {trouble.strerror}.") from trouble


def _of_manifest(file: Path) -> Iterator[Registered]:
    try:
        said = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as trouble:
        raise Unreadable(f"{file} is not valid JSON: {trouble}.") from trouble
    for given, text in _entries(file, said):
        if not isinstance(given, str) or not isinstance(text, str):
            raise Unreadable(f"{file} is no manifest: ids and documents are strings.")
        found = Registered(f"{file} ({given})", text)
        if given.removeprefix(pages.PREFIX) != found.id.removeprefix(pages.PREFIX):
            raise Unreadable(f"{file}: {given} is not the SHA-256 of its document, which is {found.id}.")
        yield found


def _entries(file: Path, said: object) -> Iterator[tuple[object, object]]:
    if not isinstance(said, dict):
        raise Unreadable(f"{file} is no manifest: it should be an object with documents by their SHA-256.")
    if said.get("format") != APOLLO_MANIFEST:
        yield from said.items()
        return
    operations = said.get("operations")
    if said.get("version") != 1 or not isinstance(operations, list):
        raise Unreadable(f"{file} is no manifest: {APOLLO_MANIFEST} has version 1 and a list of operations.")
    for operation in operations:
        if not isinstance(operation, dict):
            raise Unreadable(f"{file} is no manifest: an operation is an object with id and body.")
        yield operation.get("id"), operation.get("body")
