"""The documents that an API knows before anybody asks: found by their id, and, where nothing else is trusted, the only
ones that are executed."""

from collections.abc import Mapping
from types import MappingProxyType

from infra.edge.parameters import Parameters
from infra.edge.refusals import DOCUMENT_NOT_FOUND, DOCUMENT_NOT_TRUSTED, RequestRefused, bad_request, error_of, refused
from web.documents import id_of

HOW = "Register it with this server: `regulars documents`, docs/OPERATIONS.md."


class KnownDocuments:
    """Immutable: texts by their ids, and whether these are all that may be executed."""

    def __init__(self, texts: Mapping[str, str] = MappingProxyType({}), *, trusted_only: bool = False) -> None:
        self._texts = dict(texts)
        self._trusted = frozenset(self._texts.values()) if trusted_only else None

    def text_of(self, said: Parameters) -> str:
        """The text of the document that the request names or brings, not parsed yet. Raises RequestRefused."""
        text, document_id = said.query, said.document_id
        if text is None:
            return self._found(document_id)
        if document_id is not None and not self._is(text, document_id):
            raise bad_request("`query` is not the document of that id: the id is the SHA-256 of its text in UTF-8.")
        if self._trusted is not None and text not in self._trusted:
            raise refused(400, DOCUMENT_NOT_TRUSTED, f"This server executes only documents that it knows. {HOW}")
        return text

    def _found(self, document_id: str | None) -> str:
        text = None if document_id is None else self._texts.get(document_id)
        if text is None:
            error = error_of(DOCUMENT_NOT_FOUND, f"This server knows no document of that id. {HOW}")
            raise RequestRefused(400, [error], status_as_json=200)
        return text

    def _is(self, text: str, document_id: str) -> bool:
        known = self._texts.get(document_id)
        return text == known if known is not None else id_of(text) == document_id
