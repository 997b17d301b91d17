"""A statement proves by itself that nothing in it was changed, dropped, added or swapped, or names what was."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tests.wallet.statements.scenes import A_DAY, collect, make_scene
from wallet.database import Conn
from wallet.ledger.chain import follow
from wallet.statements import Facts, Flaw, StatementUnreadable, Written, Wrong, check, from_json, to_json


@pytest.fixture
async def facts(conn: Conn, now: datetime) -> Facts:
    """The whole life of a card, seven entries."""
    scene = await make_scene(conn, now=now)
    return await collect(conn, scene, now - 9 * A_DAY, now, now=now)


@pytest.fixture
async def later(conn: Conn, now: datetime) -> Facts:
    """Entries 3 to 7 of such a card."""
    scene = await make_scene(conn, now=now)
    return await collect(conn, scene, now - 4 * A_DAY, now, now=now)


def with_entry(facts: Facts, position: int, entry: Written) -> Facts:
    return replace(facts, entries=(*facts.entries[:position], entry, *facts.entries[position + 1 :]))


def with_field(facts: Facts, position: int, field: int, value: str) -> Facts:
    entry = facts.entries[position]
    fields = entry.text.split("|", 17)
    assert fields[field] != value
    return with_entry(facts, position, Written("|".join([*fields[:field], value, *fields[field + 1 :]]), entry.hash))


def test_a_true_statement_holds_together(facts: Facts, later: Facts) -> None:
    assert [len(each.entries) for each in (facts, later)] == [7, 5]
    assert (check(facts), check(later)) == (None, None)


def test_so_does_one_in_whose_time_nothing_happened(later: Facts) -> None:
    assert check(replace(later, entries=(), closing=later.opening)) is None


CHANGES = {
    1: "BONUS",
    2: "41",
    3: "1",
    4: "1",
    5: "999",
    6: "999",
    7: "999",
    8: "1",
    9: "1",
    10: "1",
    11: "01900000-0000-7000-8000-000000000009",
    12: "01900000-0000-7000-8000-000000000009",
    13: "01900000-0000-7000-8000-000000000009",
    14: "01900000-0000-7000-8000-000000000009",
    15: "1",
    16: "1",
    17: '[{"code":"gift_sent","facts":{}}]',
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_changed_field_is_told_by_its_entry(facts: Facts, field: int) -> None:
    assert check(with_field(facts, 2, field, CHANGES[field])) == Wrong(3, Flaw.CHANGED)


def test_an_entry_with_another_number_is_not_the_one_that_belongs_there(facts: Facts) -> None:
    assert check(with_field(facts, 2, 0, "2")) == Wrong(3, Flaw.CHANGED)
    assert check(with_field(facts, 2, 0, "9")) == Wrong(3, Flaw.MISSING)


def test_a_changed_hash_is_told_by_its_entry(facts: Facts) -> None:
    entry = facts.entries[2]
    assert check(with_entry(facts, 2, Written(entry.text, bytes(32)))) == Wrong(3, Flaw.CHANGED)


def test_a_dropped_entry_is_missing(facts: Facts) -> None:
    entries = facts.entries
    assert check(replace(facts, entries=entries[:2] + entries[3:])) == Wrong(3, Flaw.MISSING)
    assert check(replace(facts, entries=entries[1:])) == Wrong(1, Flaw.MISSING)
    assert check(replace(facts, entries=entries[:-1])) == Wrong(6, Flaw.CLOSING)


def test_an_added_entry_is_told(facts: Facts) -> None:
    entries = facts.entries
    assert check(replace(facts, entries=(*entries[:3], entries[2], *entries[3:]))) == Wrong(4, Flaw.CHANGED)
    assert check(replace(facts, entries=(*entries, entries[-1]))) == Wrong(8, Flaw.CHANGED)


def test_of_two_that_were_swapped_the_first_is_told(facts: Facts) -> None:
    a, b, *rest = facts.entries
    assert check(replace(facts, entries=(b, a, *rest))) == Wrong(1, Flaw.MISSING)


def test_what_is_no_entry_is_told(facts: Facts) -> None:
    for text in (
        "",
        "3",
        "3|SOLD|" + "|" * 15,
        "3|BONUS|x" + "|" * 15,
        "9" * 9999,
        "3|BONUS|1|1|1|1|1|1|1|1|1||||||0|{",
    ):
        assert check(with_entry(facts, 2, Written(text, bytes(32)))) == Wrong(3, Flaw.UNREADABLE), text
    far = f"3|BONUS|1|1|1|1|1|1|1|{10**30}|1||||||0|[]"
    assert check(with_entry(facts, 2, Written(far, bytes(32)))) == Wrong(3, Flaw.UNREADABLE)


def test_a_card_begins_as_every_card_does(facts: Facts) -> None:
    opening = facts.opening
    assert check(replace(facts, opening=replace(opening, hash=bytes(32)))) == Wrong(0, Flaw.OPENING)
    assert check(replace(facts, opening=replace(opening, active=1))) == Wrong(0, Flaw.OPENING)


def test_what_it_begins_with_must_lead_to_what_follows(later: Facts) -> None:
    assert later.opening.seq == 2
    assert check(replace(later, opening=replace(later.opening, hash=bytes(32)))) == Wrong(3, Flaw.CHANGED)
    assert check(replace(later, opening=replace(later.opening, active=1))) == Wrong(3, Flaw.SUMS)
    assert check(replace(later, opening=replace(later.opening, seq=1))) == Wrong(3, Flaw.SUMS)


@pytest.mark.parametrize("what", ["seq", "active", "pending", "reserved", "lifetime", "hash"])
def test_what_it_ends_with_must_be_what_stands_there(facts: Facts, what: str) -> None:
    other: Any = bytes(32) if what == "hash" else 5
    assert check(replace(facts, closing=replace(facts.closing, **{what: other}))) == Wrong(7, Flaw.CLOSING)


def test_sums_are_checked_even_where_the_hashes_fit(facts: Facts) -> None:
    # given: a statement whose last entry does not add up, hashed as it is
    *rest, last = facts.entries
    before = rest[-1].hash
    fields = last.text.split("|", 17)
    text = "|".join([*fields[:2], str(int(fields[2]) + 1), *fields[3:]])
    forged = Written(text, follow(before, text))
    # then
    closing = replace(facts.closing, hash=forged.hash)
    assert check(replace(facts, entries=(*rest, forged), closing=closing)) == Wrong(7, Flaw.SUMS)


# ---------------------------------------------------------------- as it is written down


def test_what_is_written_down_is_read_again(facts: Facts, later: Facts) -> None:
    for each in (facts, later):
        assert from_json(json.loads(json.dumps(to_json(each)))) == each


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value but the top."""
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, part in inner for found in ((*path, key), *paths(part, (*path, key)))]


@pytest.mark.parametrize("wrong", [None, [], {}, 1.5, True, "?", -1])
def test_whatever_else_stands_there_is_refused_or_read_as_what_it_is(facts: Facts, wrong: object) -> None:
    short = replace(facts, entries=facts.entries[:1])
    for path in paths(to_json(short)):
        said: Any = json.loads(json.dumps(to_json(short)))
        place = said
        for key in path[:-1]:
            place = place[key]
        right, place[path[-1]] = place[path[-1]], wrong
        if type(right) is type(wrong) and isinstance(wrong, str | int) and path[-1] not in MUST_BE_FORMED:
            assert from_json(said) is not None
        elif (path, wrong) == (("entries",), []):
            assert from_json(said).entries == ()
        else:
            with pytest.raises(StatementUnreadable):
                from_json(said)


MUST_BE_FORMED = {"format", "id", "hash", "from", "to", "issuedAt"}


@pytest.mark.parametrize("said", [None, [], "{}", 1, {}, {"format": "regulars statement 2"}])
def test_what_is_no_statement_is_refused(said: object) -> None:
    with pytest.raises(StatementUnreadable):
        from_json(said)
