"""`regulars statement`: what customers have taken away, checked."""

import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cyclopts import App

from auth import keys
from auth import statements as signing
from auth.statements import CHARACTERS_MAX, NotAStatement, Signed
from infra.cli.app import answer, opened
from infra.settings import SettingsError
from infra.wiring import opened_box
from wallet import statements
from wallet.statements import Facts, Stand, StatementUnreadable, Wrong

statement = App(name="statement", help="Statements that customers have taken away.")

FETCH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: sentences that were proved, and sentences that say what is wrong."""

    facts: Facts
    kid: str
    proved: tuple[str, ...]
    wrong: tuple[str, ...]
    first_wrong: Wrong | None


@statement.command
async def verify(file: Path, *, jwks: str | None = None, json: bool = False) -> None:
    """Check a statement: the shop signed it, no entry was changed, dropped, added or swapped, and it adds up.

    Exit code 1 if any of this is not so.

    Parameters
    ----------
    file
        The `jws` of the statement. `-` reads it from standard input.
    jwks
        The keys to check with: the URL of the shop's /.well-known/jwks.json, or a file with the same. Without it they
        come from the database of the settings, and the statement is compared with the ledger there too.
    """
    try:
        signed = signing.read(_text(file))
        facts = statements.from_json(signed.payload)
    except (NotAStatement, StatementUnreadable) as trouble:
        print(trouble, file=sys.stderr)
        sys.exit(1)
    if jwks is None:
        key, held = await _from_database(signed, facts)
    else:
        key, held = _from_key_set(await _key_set(jwks), signed.kid), None
    verdict = judge(signed, facts, key, held=held, compared=jwks is None)
    _show(verdict, as_json=json)
    if verdict.wrong:
        sys.exit(1)


def judge(
    signed: Signed, facts: Facts, key: Ed25519PublicKey | None, *, held: Wrong | None = None, compared: bool = False
) -> Verdict:
    """All that can be said of the statement. `held` is the first entry that the ledger does not hold as it says."""
    proved, wrong = list[str](), list[str]()
    if key is None:
        wrong.append(f"Nobody knows a key {signed.kid}: this shop did not sign it, or more than ten years ago.")
    elif signed.is_signed_with(key):
        proved.append(f"The shop signed exactly this, with its key {signed.kid}.")
    else:
        wrong.append(
            f"The signature is not one of key {signed.kid}: it was changed since, or the shop never signed it."
        )
    flaw = statements.check(facts)
    if flaw is None:
        proved += [
            _follow(facts),
            f"It adds up: {_stand(facts.opening)} at the start; {_stand(facts.closing)} at the end.",
        ]
    else:
        wrong.append(f"Entry {flaw.seq} is wrong: {flaw.flaw}.")
    if held is not None:
        wrong.append(f"Entry {held.seq} is wrong: {held.flaw}.")
    elif compared:
        proved.append("The ledger still holds the same entries.")
    return Verdict(facts, signed.kid, tuple(proved), tuple(wrong), flaw or held)


def _follow(facts: Facts) -> str:
    count = len(facts.entries)
    begins = "with the card itself" if facts.opening.seq == 0 else f"after entry {facts.opening.seq}"
    if not count:
        return f"Nothing was posted in this time; it begins {begins}."
    follow = "1 entry follows" if count == 1 else f"{count:,} entries follow from each other"
    return f"It begins {begins}, and {follow}: none was changed, dropped, added or swapped."


def _stand(stand: Stand) -> str:
    return f"{stand.active:,} to spend, {stand.pending:,} pending, {stand.reserved:,} set aside"


def _show(verdict: Verdict, *, as_json: bool) -> None:
    facts, first = verdict.facts, verdict.first_wrong
    if as_json:
        said: dict[str, object] = {
            "true": not verdict.wrong,
            "kid": verdict.kid,
            "cardNumberLast4": facts.number_last4,
            "entries": len(facts.entries),
            "proved": verdict.proved,
            "wrong": verdict.wrong,
            "firstWrongEntry": first.seq if first else None,
        }
        answer(said, as_json=True)
        return
    print(f"The card ending in {facts.number_last4}, {facts.program_name} at {facts.merchant_name},")
    print(f"from {facts.since.isoformat()} to {facts.until.isoformat()}, issued {facts.issued_at.isoformat()}.\n")
    for sentence in verdict.proved:
        print(f"proved  {sentence}")
    for sentence in verdict.wrong:
        print(f"wrong   {sentence}")


def _text(file: Path) -> str:
    """Raises SettingsError for a file that cannot be read."""
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as source:
            return source.read(CHARACTERS_MAX + 2).decode("ascii").strip()
    except OSError as trouble:
        raise SettingsError(f"{file} cannot be read: {trouble.strerror}.") from trouble
    except UnicodeDecodeError:
        raise NotAStatement("It is no JWS: it holds letters that none has.") from None


async def _from_database(signed: Signed, facts: Facts) -> tuple[Ed25519PublicKey | None, Wrong | None]:
    async with opened() as (settings, pool, clock):
        box = await opened_box(settings, pool, clock)
        async with pool.acquire() as conn:
            ring = await keys.load(conn, box=box, now=clock())
            held = await statements.compare(conn, facts)
    return ring.verifier(signed.kid, "statement", clock()), held


async def _key_set(place: str) -> object:
    """Raises SettingsError for a place where there is no JSON."""
    try:
        if place.startswith(("https://", "http://")):
            async with httpx.AsyncClient(timeout=FETCH_SECONDS) as http:
                response = await http.get(place)
            response.raise_for_status()
            return orjson.loads(response.content)
        return _json_file(Path(place))
    except OSError as trouble:
        raise SettingsError(f"{place} cannot be read: {trouble.strerror}.") from trouble
    except (httpx.HTTPError, httpx.InvalidURL) as trouble:
        raise SettingsError(f"{place} cannot be fetched: {trouble}.") from trouble
    except orjson.JSONDecodeError:
        raise SettingsError(f"{place} is not JSON.") from None


def _json_file(file: Path) -> object:
    return orjson.loads(file.read_bytes())


def _from_key_set(key_set: object, kid: str) -> Ed25519PublicKey | None:
    """The key of this name. Raises SettingsError for what is no key set."""
    try:
        found = jwt.PyJWKSet.from_dict(key_set)  # type: ignore[arg-type]  # whatever it is, it is told below
        key = next((each.key for each in found.keys if each.key_id == kid), None)
    except (jwt.PyJWTError, AttributeError, TypeError):
        raise SettingsError("What was given as the key set is none.") from None
    return key if isinstance(key, Ed25519PublicKey) else None
