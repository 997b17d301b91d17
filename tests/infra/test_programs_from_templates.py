"""`regulars program create --template`: a whole program for a kind of shop, in one command."""

import json
from pathlib import Path

import asyncpg

from tests.database import Database
from tests.infra.commands import Done, environment_of, regulars
from wallet.rules import Rules
from wallet.templates import TEMPLATES
from wallet.values import Minor

REWARDS_SQL = """
    SELECT r.slug FROM rewards AS r
    JOIN program_directory AS d ON d.merchant_id = r.merchant_id AND d.program_id = r.program_id
    WHERE d.slug = $1
    ORDER BY r.slug
"""


async def create(database: Database, slug: str, *options: str) -> Done:
    environment = environment_of(database)
    merchant = await regulars(
        "merchant", "create", "--name", "Monsoon", "--currency", "INR", "--json", environment=environment
    )
    merchant_id = json.loads(merchant.out)["merchantId"]
    return await regulars(
        *("program", "create", "--merchant", merchant_id, "--slug", slug, "--name", "Regulars", *options),
        environment=environment,
    )


async def test_a_program_is_made_with_the_rules_and_rewards_of_a_template(database: Database) -> None:
    name = "restaurant"
    # when
    made = await create(database, name, "--template", name, "--per-minor", "5000")
    rules = await regulars("program", "rules", "--program", name, environment=environment_of(database))
    # then
    assert (made.code, made.err) == (0, "")
    assert Rules.from_json(json.loads(rules.out)) == TEMPLATES[name].rules(Minor(5000))
    conn = await asyncpg.connect(database.owner_dsn)
    slugs = [row["slug"] for row in await conn.fetch(REWARDS_SQL, name)]
    await conn.close()
    assert slugs == sorted(new.slug for new in TEMPLATES[name].rewards(Minor(5000)))


async def test_what_does_not_go_with_a_template_is_said_in_a_sentence(database: Database) -> None:
    both = await create(database, "both", "--template", "cafe", "--points", "3")
    unknown = await create(database, "unknown", "--template", "bakery")
    # then
    assert (both.code, both.err) == (
        2,
        "A template states the rules: of the options that do, only --per-minor goes with it.\n",
    )
    assert (unknown.code, unknown.err) == (
        2,
        "There is no template bakery; there are cafe, grocery, pharmacy, restaurant.\n",
    )
    conn = await asyncpg.connect(database.owner_dsn)
    assert await conn.fetchval("SELECT COUNT(*) FROM programs") == 0
    await conn.close()


async def test_the_templates_are_listed_with_a_sentence_each(database: Database) -> None:
    listed = await regulars("program", "templates", "--json", environment=environment_of(database))
    # then
    assert json.loads(listed.out) == {name: template.sentence for name, template in TEMPLATES.items()}


async def test_a_punch_card_without_its_reward_is_not_published(database: Database, tmp_path: Path) -> None:
    # given: rules of a template, without its rewards
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(TEMPLATES["cafe"].rules(Minor(100)).to_json()))
    # when
    refused = await create(database, "cafe", "--rules", str(file))
    # then
    assert refused.code == 2
    assert refused.err == (
        "stamps.reward: The program has no reward free-coffee. Make it first, then publish these rules.\n"
    )
    conn = await asyncpg.connect(database.owner_dsn)
    assert await conn.fetchval("SELECT COUNT(*) FROM programs") == 0
    await conn.close()
