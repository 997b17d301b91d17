"""`regulars statement verify`: what it proves, what it names, and how it ends."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from auth import base64url
from tests.database import Database
from tests.factories import make_points
from tests.infra.commands import Done, environment_of, regulars
from tests.journeys import Member, Scene, member, open_shop, opened

STATEMENT = """
    query ($id: ID!, $from: DateTime!, $to: DateTime!) {
        node(id: $id) { ... on Card { statement(from: $from, to: $to) { jws } } }
    }
"""

UNCHANGED = "none was changed, dropped, added or swapped."
NONE = "0 pending, 0 set aside"


@dataclass(frozen=True, slots=True)
class Taken:
    """A statement of four entries that a customer took away over HTTP, and the shop that it is of."""

    jws: str
    scene: Scene
    owner: Member
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return environment_of(self.scene.database)

    async def verify(self, jws: str, *more: str) -> Done:
        file = self.folder / "statement.jws"
        file.write_text(f"{jws}\n")
        return await regulars("statement", "verify", str(file), *more, environment=self.environment)

    def forged(self, change: Callable[[dict[str, Any]], None]) -> str:
        """The same with something else in it, and the old signature."""
        header, payload, signature = self.jws.split(".")
        said = json.loads(base64url.decode(payload) or b"")
        change(said)
        return f"{header}.{base64url.encode(json.dumps(said).encode())}.{signature}"


@pytest.fixture
async def taken(database: Database, tmp_path: Path) -> AsyncIterator[Taken]:
    async with opened(database) as scene:
        shop = await open_shop(scene)
        owner = await member(scene, shop, points=100)
        begins = scene.now
        async with scene.live.runtime.pool.acquire() as conn:
            for points in (20, 30, 40):
                await make_points(conn, shop, owner.card_id, points, now=begins)
        given = {
            "id": owner.card,
            "from": (begins - timedelta(days=1)).isoformat(),
            "to": (begins + timedelta(days=1)).isoformat(),
        }
        jws = (await owner.app.ask(STATEMENT, given))["node"]["statement"]["jws"]
        yield Taken(jws, scene, owner, tmp_path)


async def rewrite(database: Database, sql: str) -> None:
    """As somebody with every right, the walls down."""
    conn = await asyncpg.connect(database.superuser_dsn)
    await conn.execute("SET session_replication_role = replica")
    await conn.execute(sql)
    await conn.close()


async def test_a_true_statement_is_proved_against_the_database(taken: Taken) -> None:
    done = await taken.verify(taken.jws)
    assert (done.code, done.err) == (0, "")
    title, period, blank, *proved = done.out.splitlines()
    assert title.startswith("The card ending in ")
    assert period.startswith("from ")
    assert blank == ""
    assert proved == [
        "proved  The shop signed exactly this, with its key s00000001.",
        f"proved  It begins with the card itself, and 4 entries follow from each other: {UNCHANGED}",
        f"proved  It adds up: 0 to spend, {NONE} at the start; 190 to spend, {NONE} at the end.",
        "proved  The ledger still holds the same entries.",
    ]


async def test_it_is_proved_with_the_published_keys_by_url_and_by_file(taken: Taken) -> None:
    # given
    url = f"{taken.scene.live.base_url}/.well-known/jwks.json"
    file = taken.folder / "jwks.json"
    async with httpx.AsyncClient(trust_env=False) as http:
        file.write_bytes((await http.get(url)).content)
    # when
    for place in (url, str(file)):
        done = await taken.verify(taken.jws, "--jwks", place, "--json")
        said = json.loads(done.out)
        # then: nobody asked the ledger
        assert (done.code, said["true"], said["entries"], said["wrong"]) == (0, True, 4, [])
        assert len(said["proved"]) == 3


async def test_a_changed_entry_is_named(taken: Taken) -> None:
    # given
    def earns_more(said: dict[str, Any]) -> None:
        entry = said["entries"][2]
        entry["text"] = entry["text"].replace("|30|", "|31|")

    # when
    done = await taken.verify(taken.forged(earns_more))
    told = await taken.verify(taken.forged(earns_more), "--json")
    # then
    assert done.code == 1
    assert done.out.splitlines()[3:] == [
        "wrong   The signature is not one of key s00000001: it was changed since, or the shop never signed it.",
        "wrong   Entry 3 is wrong: it is not what was written.",
        "wrong   Entry 3 is wrong: the ledger does not hold it as this statement does.",
    ]
    assert (json.loads(told.out)["firstWrongEntry"], json.loads(told.out)["true"]) == (3, False)


async def test_an_entry_that_was_edited_with_its_hash_left_alone_is_named(taken: Taken, database: Database) -> None:
    await rewrite(database, "UPDATE entries SET points = points + 9, active_after = active_after + 9 WHERE seq = 3")
    done = await taken.verify(taken.jws)
    assert done.code == 1
    assert done.out.splitlines()[-1] == "wrong   Entry 3 is wrong: the ledger does not hold it as this statement does."


async def test_an_entry_that_was_left_out_is_named(taken: Taken) -> None:
    done = await taken.verify(taken.forged(lambda said: said["entries"].pop(1)))
    assert done.code == 1
    assert "wrong   Entry 2 is wrong: it is missing." in done.out.splitlines()


async def test_history_that_was_written_anew_is_found_out(taken: Taken) -> None:
    await rewrite(taken.scene.database, "UPDATE entries SET hash = sha256(hash) WHERE seq = 3")
    done = await taken.verify(taken.jws)
    assert done.code == 1
    assert done.out.splitlines()[-1] == "wrong   Entry 3 is wrong: the ledger does not hold it as this statement does."
    assert "proved  The shop signed exactly this, with its key s00000001." in done.out.splitlines()


async def test_the_key_of_another_shop_proves_nothing(taken: Taken) -> None:
    # given: key sets in which the name is another key's, or nobody's
    strange = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA"}
    keys = [{**strange, "kid": kid, "x": base64url.encode(bytes(range(32)))} for kid in ("s00000001", "s00000002")]
    file = taken.folder / "jwks.json"
    for key, told in zip(
        keys,
        (
            "wrong   The signature is not one of key s00000001: it was changed since, or the shop never signed it.",
            "wrong   Nobody knows a key s00000001: this shop did not sign it, or more than ten years ago.",
        ),
        strict=True,
    ):
        file.write_text(json.dumps({"keys": [key]}))
        # when
        done = await taken.verify(taken.jws, "--jwks", str(file))
        # then
        assert done.code == 1
        assert done.out.splitlines()[-1] == told


async def test_what_is_no_statement_is_told_in_a_sentence(taken: Taken) -> None:
    header, _, signature = taken.jws.split(".")
    for text, told in (
        ("hello", "It is no JWS: three parts of base64url, with a dot between them."),
        ("größe", "It is no JWS: it holds letters that none has."),
        (taken.owner.person.tokens.access.text, "It is signed, and no statement: its type is 'at+jwt'."),
        (f"{header}.{base64url.encode(b'{}')}.{signature}", "the statement has no proper format."),
    ):
        done = await taken.verify(text)
        assert (done.code, done.out, done.err) == (1, "", f"{told}\n")


async def test_what_cannot_be_read_is_told_in_a_sentence(taken: Taken) -> None:
    # given
    key_set = taken.folder / "jwks.json"
    key_set.write_text("[]")
    page = taken.folder / "page.html"
    page.write_text("<html>")
    for place, told in (
        (str(taken.folder / "nothing"), "cannot be read: No such file or directory.\n"),
        (str(page), "is not JSON.\n"),
        (str(key_set), "What was given as the key set is none.\n"),
        ("http://127.0.0.1:1/jwks.json", ".\n"),
        (f"{taken.scene.live.base_url}/nothing", ".\n"),
    ):
        # when
        done = await taken.verify(taken.jws, "--jwks", place)
        # then
        assert (done.code, done.out) == (2, ""), place
        assert done.err.endswith(told), done.err
        assert "Traceback" not in done.err
    missing = await regulars("statement", "verify", str(taken.folder / "gone"), environment=taken.environment)
    assert (missing.code, missing.err) == (2, f"{taken.folder / 'gone'} cannot be read: No such file or directory.\n")
