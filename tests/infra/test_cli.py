"""The command line, as an operator uses it."""

import json
import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from infra.cli import COMMANDS
from tests.database import Database
from tests.infra.commands import environment_of, regulars, regulars_anew
from tests.live import caller, live_application
from wallet import audit

ACTIVATE = """
mutation ($input: ActivateTerminalInput!) {
  activateTerminal(input: $input) {
    __typename
    ... on TerminalActivated { terminal { name storeName merchantName currency } tokens { accessToken } }
    ... on UserError { message }
  }
}
"""
TERMINAL = "{ terminal { name } }"


async def made(database: Database, *arguments: str) -> dict[str, Any]:
    done = await regulars(*arguments, "--json", environment=environment_of(database))
    assert (done.code, done.err) == (0, "")
    answer: dict[str, Any] = json.loads(done.out)
    return answer


async def test_a_shop_is_set_up_and_its_till_activated(database: Database) -> None:
    # given
    merchant = await made(database, "merchant", "create", "--name", "Monsoon", "--currency", "INR")
    merchant_id = merchant["merchantId"]
    program = await made(
        database, "program", "create", "--merchant", merchant_id, "--slug", "monsoon", "--name", "Regulars"
    )
    store = await made(database, "store", "add", "--program", "monsoon", "--name", "Fort Kochi")
    # when
    terminal = await made(
        database, "terminal", "add", "--merchant", merchant_id, "--store", store["storeId"], "--name", "Till 1"
    )
    # then
    assert program["slug"] == "monsoon"
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", terminal["activationCode"])
    async with live_application(database, with_worker=False) as live:
        till = caller(live, "/pos/graphql")
        given = {"activationCode": terminal["activationCode"], "deviceName": "iPad"}
        activated = await till.do(ACTIVATE, given)
        assert activated["terminal"] == {
            "name": "Till 1",
            "storeName": "Fort Kochi",
            "merchantName": "Monsoon",
            "currency": "INR",
        }
        till.token = activated["tokens"]["accessToken"]
        assert (await till.ask(TERMINAL))["terminal"] == {"name": "Till 1"}
        # and when
        await made(database, "terminal", "revoke", "--merchant", merchant_id, "--terminal", terminal["terminalId"])
        # then
        refused = (await till.post(TERMINAL)).json()
        assert refused["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        await till.http.aclose()


async def test_the_rules_of_a_program_are_printed_and_revised_by_file(database: Database, tmp_path: Path) -> None:
    # given
    merchant_id = (await made(database, "merchant", "create", "--name", "Monsoon", "--currency", "INR"))["merchantId"]
    await made(database, "program", "create", "--merchant", merchant_id, "--slug", "monsoon", "--name", "Regulars")
    environment = environment_of(database)
    rules = json.loads((await regulars("program", "rules", "--program", "monsoon", environment=environment)).out)
    rules["gifts"]["per_day"] = 3
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    # when
    revised = await made(database, "program", "revise", "--program", "monsoon", "--rules", str(tmp_path / "rules.json"))
    now_in_force = json.loads((await regulars("program", "rules", "--program", "monsoon", environment=environment)).out)
    rules["gifts"]["per_day"] = -1
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    wrong = await regulars(
        "program", "revise", "--program", "monsoon", "--rules", str(tmp_path / "rules.json"), environment=environment
    )
    ends = [
        await regulars(
            "program",
            "revise",
            *("--program", "monsoon", "--rules", str(tmp_path / "rules.json"), "--valid-from", moment),
            environment=environment,
        )
        for moment in ("0001-01-01T00:00:00+05:30", "9999-12-31T23:59:59-05:00")
    ]
    # then
    assert [(end.code, end.err) for end in ends] == [
        (2, "0001-01-01T00:00:00+05:30 is no moment in UTC.\n"),
        (2, "9999-12-31T23:59:59-05:00 is no moment in UTC.\n"),
    ]
    assert str(revised["revision"]) == "2"
    assert now_in_force["gifts"]["per_day"] == 3
    assert wrong.code == 2
    assert wrong.err.startswith("gifts.per_day: ")
    assert "Traceback" not in wrong.err


async def test_a_merchant_s_unknown_currency_and_locale_are_said_in_a_sentence_each(database: Database) -> None:
    environment = environment_of(database)
    mistakes = {
        ("inr", "en-IN", "Asia/Kolkata"): "currency: Use the three letters of the currency, e.g. INR.\n",
        ("INR", "en_IN", "Asia/Kolkata"): "locale: Use a language tag, e.g. ml-IN.\n",
        ("INR", "en-IN", "Mars"): "timezone: Use a time zone's name, e.g. Asia/Kolkata.\n",
        ("ZZZ", "xx-YY", "Asia/Kolkata"): (
            "currency: Use the three letters of the currency, e.g. INR.\nlocale: Use a language tag, e.g. ml-IN.\n"
        ),
    }
    for (currency, locale, timezone), said in mistakes.items():
        # when
        place = ("--currency", currency, "--locale", locale, "--timezone", timezone)
        done = await regulars("merchant", "create", "--name", "Monsoon", *place, environment=environment)
        # then
        assert (done.code, done.out, done.err) == (2, "", said)
    conn = await asyncpg.connect(database.owner_dsn)
    assert await conn.fetchval("SELECT COUNT(*) FROM merchants") == 0
    await conn.close()


async def test_what_a_program_or_a_store_cannot_be_is_said_in_a_sentence(database: Database) -> None:
    # given
    environment = environment_of(database)
    merchant_id = (await made(database, "merchant", "create", "--name", "Monsoon", "--currency", "INR"))["merchantId"]
    await made(database, "program", "create", "--merchant", merchant_id, "--slug", "monsoon", "--name", "Regulars")
    # when
    slug = ("--merchant", merchant_id, "--slug", "No Blanks", "--name", "")
    program = await regulars("program", "create", *slug, environment=environment)
    rule = ("--merchant", merchant_id, "--slug", "second", "--name", "Second", "--per-minor", "0")
    rules = await regulars("program", "create", *rule, environment=environment)
    store = await regulars(
        "store", "add", "--program", "monsoon", "--name", "Kochi", "--locale", "xx-YY", environment=environment
    )
    # then
    assert (program.code, program.err) == (
        2,
        "slug: Use small letters, digits and hyphens, 64 at most.\nname: This must not be empty.\n",
    )
    assert (rules.code, rules.err) == (2, "per_minor: This must be from 1 to 2,147,483,647.\n")
    assert (store.code, store.err) == (2, "locale: Use a language tag, e.g. ml-IN.\n")
    conn = await asyncpg.connect(database.owner_dsn)
    assert await conn.fetchval("SELECT COUNT(*) FROM programs") == 1
    assert await conn.fetchval("SELECT COUNT(*) FROM stores") == 0
    await conn.close()


async def test_an_unknown_merchant_is_said_in_a_sentence_and_nothing_is_made(database: Database) -> None:
    # when
    done = await regulars(
        "program",
        "create",
        "--merchant",
        "018f0000-0000-7000-8000-000000000000",
        "--slug",
        "nobody",
        "--name",
        "Nobody",
        environment=environment_of(database),
    )
    # then
    assert (done.code, done.out) == (2, "")
    assert done.err == "There is no such merchant, program, store, terminal, operator, reward, sale or gift card.\n"
    conn = await asyncpg.connect(database.owner_dsn)
    assert await conn.fetchval("SELECT COUNT(*) FROM programs") == 0
    await conn.close()


async def test_a_reward_is_added_listed_and_ended(database: Database) -> None:
    # given
    merchant_id = (await made(database, "merchant", "create", "--name", "Monsoon", "--currency", "INR"))["merchantId"]
    await made(database, "program", "create", "--merchant", merchant_id, "--slug", "monsoon", "--name", "Regulars")
    store = await made(database, "store", "add", "--program", "monsoon", "--name", "Fort Kochi")
    here = ("--program", "monsoon", "--slug", "cake")
    # when
    added = await made(
        database, "reward", "add", *here, "--name", "A tenth off", "--kind", "percent-off", "--percent", "10",
        "--ceiling-minor", "5000", "--category", "cake", "--category", "coffee", "--cost-points", "80", "--stock", "7",
        "--store", store["storeId"], "--claimable-until", "2036-01-01T00:00:00+05:30",
    )  # fmt: skip
    # then
    listed = await made(database, "reward", "list", "--program", "monsoon")
    assert listed["cake"] | {"claimableFrom": None} == {
        "rewardId": added["rewardId"],
        "name": "A tenth off",
        "kind": "PERCENT_OFF",
        "costPoints": 80,
        "costStamps": None,
        "stock": 7,
        "claimableFrom": None,
        "claimableUntil": "2035-12-31T18:30:00+00:00",
    }
    assert (await made(database, "reward", "end", *here))["slug"] == "cake"
    # and when
    again = await regulars("reward", "end", *here, environment=environment_of(database))
    wrong = await regulars(
        "reward",
        "add",
        *here,
        "--name",
        "Cake",
        "--kind",
        "free-item",
        "--percent",
        "5",
        environment=environment_of(database),
    )
    shown = await regulars("reward", "list", "--program", "monsoon", environment=environment_of(database))
    # then
    assert (again.code, again.err) == (
        2,
        "There is no such merchant, program, store, terminal, operator, reward, sale or gift card.\n",
    )
    assert (wrong.code, wrong.err.splitlines()) == (
        2,
        [
            "percent: This does not go with this kind of reward.",
            "costPoints: Say a price in points or one in stamps, not both.",
        ],
    )
    assert re.search(r"^cake +A tenth off; PERCENT_OFF; 80 points; 7 left; from .*; until .*", shown.out)


async def test_the_audit_proves_the_laws_and_names_what_breaks_one(database: Database) -> None:
    # given
    await made(database, "merchant", "create", "--name", "Monsoon", "--currency", "INR")
    # when
    report = json.loads((await regulars("audit", "--json", environment=environment_of(database))).out)
    # then
    assert [law["law"] for law in report["laws"]] == [law for law, _ in audit.LAWS]
    assert all(law["count"] == 0 for law in report["laws"])
    assert report["looked_at"]["cards"] == 0


async def test_keys_are_rotated_with_a_lead(database: Database) -> None:
    # when
    first = await made(database, "keys", "rotate", "--lead-hours", "24")
    second = await made(database, "keys", "rotate", "--lead-hours", "24")
    # then
    assert set(first) == {"access key", "check_in key", "statement key"}
    assert first["check_in key"].startswith("02, signs from ")
    assert second["check_in key"].startswith("03, signs from ")


async def test_another_secret_key_is_refused_in_a_sentence(database: Database) -> None:
    # given
    await made(database, "keys", "rotate")
    # when
    other = environment_of(database, REGULARS_SECRET_KEY="11" * 32)
    done = await regulars("keys", "rotate", environment=other)
    # then
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1


async def test_a_database_that_is_not_migrated_says_what_to_run(empty_database: Database) -> None:
    # given
    environment = environment_of(empty_database)
    # when
    refused = await regulars("audit", environment=environment)
    migrated = await regulars("migrate", environment=environment)
    again = await regulars("migrate", "--json", environment=environment)
    proved = await regulars("audit", environment=environment)
    # then
    assert (refused.code, refused.err) == (2, "The database lacks 0001_identity.sql. Run: regulars migrate\n")
    assert migrated.code == 0
    assert "0003_ledger.sql" in migrated.out
    assert json.loads(again.out) == {"applied": []}
    assert proved.code == 0


async def test_every_mistake_in_the_settings_is_one_sentence(database: Database) -> None:
    # given
    wrong = environment_of(database, REGULARS_PORT="high", REGULARS_PUBLIC_BASE_URL="ftp://shop")
    # when
    done = await regulars("serve", environment=wrong)
    # then
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 2
    assert "REGULARS_PORT" in done.err
    assert "REGULARS_PUBLIC_BASE_URL" in done.err
    assert "Traceback" not in done.err


async def test_serving_without_mail_server_or_secret_names_both(database: Database) -> None:
    # given
    bare = environment_of(database)
    del bare["REGULARS_SECRET_KEY"]
    # when
    done = await regulars("serve", environment=bare)
    # then
    assert done.code == 2
    assert "REGULARS_SECRET_KEY is not set" in done.err
    assert "REGULARS_SMTP_HOST is not set" in done.err


async def test_the_printed_api_is_the_committed_one(database: Database) -> None:
    for audience in ("customer", "pos"):
        done = await regulars("schema", "print", audience, environment=environment_of(database))
        with open(f"schema/{audience}.graphql", encoding="utf-8") as committed:  # noqa: ASYNC230
            assert done.out.strip() == committed.read().strip()


async def test_the_database_can_be_opened_and_dumped_by_hand(database: Database) -> None:
    # given
    environment = environment_of(database)
    # when
    asked = await regulars("db", "psql", "--no-align", "--tuples-only", "--command=SELECT 1", environment=environment)
    dumped = await regulars("db", "dump", "--schema-only", environment=environment)
    url = await regulars("db", "url", environment=environment)
    # then
    assert (asked.code, asked.out) == (0, "1\n")
    assert "CREATE TABLE public.entries" in dumped.out
    assert url.out == f"{database.dsn}\n"


# One of each module: what a command needs, it loads by itself.
@pytest.mark.parametrize("command", sorted({module: name for name, module, _ in COMMANDS}.values()))
async def test_every_command_starts_in_a_new_process(database: Database, command: str) -> None:
    done = await regulars_anew(command, "--help", environment=environment_of(database))

    assert (done.code, done.err) == (0, "")
    assert f"regulars {command}" in done.out
