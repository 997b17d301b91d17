"""The templates: whole programs that can be published as they are, in any currency."""

from datetime import datetime

import pytest

from wallet import programs, rewards, stores
from wallet.database import Conn
from wallet.rewards.catalogue import problems_of
from wallet.rules import Rules
from wallet.templates import TEMPLATES, Template
from wallet.values import Minor

pytestmark = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)


@pytest.mark.parametrize("step", [Minor(100), Minor(1_000), Minor(10_000), Minor(1)])
def test_rules_and_rewards_are_valid_whatever_the_money(template: Template, step: Minor, now: datetime) -> None:
    rules = template.rules(step)

    assert Rules.from_json(rules.to_json()) == rules
    assert rules.per_minor == step
    assert [new.slug for new in template.rewards(step) if problems_of(new, now=now)] == []


def test_a_full_card_brings_a_reward_of_the_template_at_its_price(template: Template) -> None:
    rules, offered = template.rules(Minor(100)), {new.slug: new for new in template.rewards(Minor(100))}
    levels = {level.name for level in rules.tiers.levels} if rules.tiers else set()

    if rules.stamps:
        assert offered[rules.stamps.reward].cost_stamps == rules.stamps.needed
    assert all(new.cost_points for new in offered.values()) or not rules.gives_points
    assert all(set(new.tiers) <= levels for new in offered.values())
    assert len(template.sentence.split(". ")) == 1
    assert template.sentence.endswith(".")


async def test_a_program_is_published_with_its_rewards(template: Template, conn: Conn, now: datetime) -> None:
    # given
    step = Minor(10_000)
    merchant_id = await stores.create_merchant(
        conn, name="Monsoon", currency="INR", locale="en-IN", timezone="Asia/Kolkata", now=now
    )
    # when
    made = await programs.create(
        conn,
        merchant_id=merchant_id,
        slug=template.name,
        name="Regulars",
        point_name="point",
        point_name_plural="points",
        rules=template.rules(step),
        now=now,
    )
    for new in template.rewards(step):
        await rewards.create(conn, merchant_id=merchant_id, program_id=made.program_id, new=new, now=now)
    # then
    found = await programs.get(conn, merchant_id=merchant_id, program_id=made.program_id, now=now)
    listed = await rewards.of_program(conn, merchant_id=merchant_id, program_id=made.program_id)
    assert found.rules == template.rules(step)
    assert [reward.slug for reward in listed] == [new.slug for new in template.rewards(step)]
    full = [phrase.facts["reward"] for phrase in found.terms() if phrase.code == "term_stamps_full"]
    assert full == (["A free coffee"] if template.name == "cafe" else [])
