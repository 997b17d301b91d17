"""`regulars documents`."""

import sys
from pathlib import Path

from cyclopts import App
from graphql import get_operation_ast, parse

from infra import documents as registry
from infra import settings as environment
from infra.cli.app import answer, note
from infra.documents import Registered, Unreadable

documents = App(name="documents", help="The GraphQL documents that a server knows, and in production alone executes.")


@documents.default
def list_documents(*, json: bool = False) -> None:
    """List the documents that a server with these settings knows: for which API, the operation, and the id."""
    settings = environment.load()
    registry.check_for_serving(settings)
    found = registry.of_settings(settings)
    listed = [(audience, _operation(each), each.id) for audience, some in found.items() for each in some]
    if json:
        names = ("api", "operation", "documentId")
        answer({"documents": [dict(zip(names, facts, strict=True)) for facts in listed]}, as_json=True)
        return
    width = max((len(operation or "") for _, operation, _ in listed), default=0)
    for audience, operation, document_id in listed:
        print(f"{audience:<8}  {operation or '-':<{width}}  {document_id}")


@documents.command
def check(folder: Path, *, json: bool = False) -> None:
    """Say whether a production server would execute every document of a folder. Exit code 1 if not.

    Parameters
    ----------
    folder
        Has `customer` and `pos`, or one of them, with `*.graphql` files or manifests, as for REGULARS_DOCUMENTS_FOLDER.
    """
    counts = dict.fromkeys(registry.SCHEMAS, 0)
    try:
        found = registry.of_folder(folder)
        counts = {audience: len(some) for audience, some in found.items()}
        troubles = registry.problems(found, introspection=False)
    except Unreadable as trouble:
        troubles = list(trouble.sentences)
    if json:
        answer({**counts, "problems": troubles}, as_json=True)
    else:
        for sentence in troubles:
            note(sentence)
        if not troubles:
            answer({audience: f"{count} valid" for audience, count in counts.items()}, as_json=False)
    if troubles:
        sys.exit(1)


def _operation(registered: Registered) -> str | None:
    """What a valid document calls its operation, if it has a name."""
    operation = get_operation_ast(parse(registered.text))
    return operation.name.value if operation is not None and operation.name is not None else None
