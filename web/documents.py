"""The GraphQL documents that the pages run: one operation a file, known by the hash of its text."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from types import MappingProxyType

PREFIX = "sha256:"
"""What an id begins with; 64 lower-case hexadecimal digits follow (GraphQL over HTTP, appendix A)."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its name without the suffix, and its text as it is run."""

    name: str
    text: str


def id_of(text: str) -> str:
    """The id of a document: the SHA-256 of its text in UTF-8, to the byte."""
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()


def known(folder: Traversable) -> Mapping[str, Document]:
    """Every `*.graphql` of the folder by its id, in the order of the names; none if there is no such folder.

    Folders below it are not looked into. Raises UnicodeDecodeError for a file that is not UTF-8.
    """
    if not folder.is_dir():
        return MappingProxyType({})
    found: dict[str, Document] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        name, _, suffix = file.name.rpartition(".")
        if suffix == "graphql" and file.is_file():
            text = file.read_bytes().decode("utf-8")
            found[id_of(text)] = Document(name, text)
    return MappingProxyType(found)
