"""`regulars documents`, and a server that starts with documents of its operator's."""

import json
from pathlib import Path

from tests.database import Database
from tests.infra.commands import environment_of, regulars
from web.documents import id_of

CARDS = "query Cards { viewer { cards { number } } }"
NAMELESS = "{ terminal { name } }"


def folder_with(tmp_path: Path, customer: str = CARDS, till: str = NAMELESS) -> Path:
    for audience, text in (("customer", customer), ("pos", till)):
        (tmp_path / audience).mkdir()
        (tmp_path / audience / "ours.graphql").write_text(text)
    return tmp_path


async def test_known_documents_are_listed_with_api_operation_and_id(database: Database, tmp_path: Path) -> None:
    environment = environment_of(database, REGULARS_DOCUMENTS_FOLDER=str(folder_with(tmp_path)))

    listed = await regulars("documents", environment=environment)
    as_json = await regulars("documents", "--json", environment=environment)

    assert (listed.code, listed.err, as_json.code) == (0, "", 0)
    lines = [line.split() for line in listed.out.splitlines()]
    assert ["customer", "Cards", id_of(CARDS)] in lines
    assert ["pos", "-", id_of(NAMELESS)] in lines
    assert "claimGift" in {operation for _, operation, _ in lines}
    found = json.loads(as_json.out)["documents"]
    assert [[each["api"], each["operation"] or "-", each["documentId"]] for each in found] == lines


async def test_folder_is_checked_before_a_server_is_started_with_it(database: Database, tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "bad").mkdir()
    good = folder_with(tmp_path / "good")
    bad = folder_with(tmp_path / "bad", customer="{", till="{ nope }")
    environment = environment_of(database)

    passed = await regulars("documents", "check", str(good), environment=environment)
    counted = await regulars("documents", "check", str(good), "--json", environment=environment)
    failed = await regulars("documents", "check", str(bad), environment=environment)
    absent = await regulars("documents", "check", str(tmp_path / "none"), environment=environment)

    assert (passed.code, passed.err, [line.split() for line in passed.out.splitlines()]) == (
        0,
        "",
        [["customer", "1", "valid"], ["pos", "1", "valid"]],
    )
    assert json.loads(counted.out) == {"customer": 1, "pos": 1, "problems": []}
    assert (failed.code, failed.out) == (1, "")
    assert failed.err.splitlines() == [
        f"{bad}/customer/ours.graphql cannot be executed: Syntax Error: Expected Name, found <EOF>.",
        f"{bad}/pos/ours.graphql cannot be executed: Cannot query field 'nope' on type 'Query'.",
    ]
    assert (absent.code, absent.err) == (1, f"{tmp_path}/none has neither a folder customer nor a folder pos.\n")


async def test_server_does_not_start_with_a_document_that_it_would_not_execute(
    database: Database, tmp_path: Path
) -> None:
    folder = folder_with(tmp_path, customer="{ nope }")
    environment = environment_of(
        database,
        REGULARS_DOCUMENTS_FOLDER=str(folder),
        REGULARS_SMTP_HOST="127.0.0.1",
        REGULARS_PUBLIC_BASE_URL="https://shop.example",
        REGULARS_MAIL_FROM="Shop <shop@shop.example>",
        REGULARS_PORT="0",
    )

    done = await regulars("serve", environment=environment)

    assert (done.code, done.err) == (
        2,
        f"{folder}/customer/ours.graphql cannot be executed: Cannot query field 'nope' on type 'Query'.\n",
    )
