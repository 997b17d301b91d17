"""Every phrase that the code makes has its sentence, and the sentence says nothing that the phrase does not know."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import pytest

from schema.phrases import PHRASES
from schema.sentences import Sentence
from wallet.gifts import DeliveryProblem
from wallet.values import LineKind

ROOT = Path(__file__).parents[2]
SOURCES = ("wallet", "auth", "schema", "resolvers", "web", "infra")

MADE: Mapping[str, Sequence[str]] = {
    "term_excluded_{}": [kind.lower() for kind in LineKind],
    "line_excluded_{}": [kind.lower() for kind in LineKind],
    "delivery.{}": [problem.value for problem in DeliveryProblem],
}
"""Codes that are put together from a part that is written in the code and one that is not."""

CODE_AT = {"Phrase": 0, "InvalidInput.of": 1, "wrong": 1, "_say": 1}
"""Who makes a phrase, and which argument is its code."""


@dataclass(frozen=True, slots=True)
class Use:
    """A place that makes a phrase. `facts` is None where they are not written out there."""

    place: str
    code: str
    facts: frozenset[str] | None


def nodes() -> Iterator[tuple[str, ast.AST]]:
    """The syntax of all sources but the table itself, each node with its file."""
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*.py")):
            if path.name != "phrases.py":
                for node in ast.walk(ast.parse(path.read_text())):
                    yield str(path.relative_to(ROOT)), node


def read() -> tuple[list[Use], set[str]]:
    """Every place that makes a phrase, and every text that stands in the code."""
    uses, texts = list[Use](), set[str]()
    for file, node in nodes():
        if isinstance(node, ast.Call):
            uses.extend(used(f"{file}:{node.lineno}", node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
    return uses, texts


def used(place: str, call: ast.Call) -> Iterator[Use]:
    name = ast.unparse(call.func)
    short = name if name in CODE_AT else name.rpartition(".")[2]
    if short not in CODE_AT or len(call.args) <= CODE_AT[short]:
        return
    code = call.args[CODE_AT[short]]
    facts = facts_of(call, CODE_AT[short])
    match code:
        case ast.Constant(value=str(text)):
            yield Use(place, text, facts)
        case ast.JoinedStr(values=parts):
            pattern = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
            assert pattern in MADE, f"{place}: what can stand in {pattern}?"
            for part in MADE[pattern]:
                yield Use(place, pattern.format(part), facts)


def facts_of(call: ast.Call, code_at: int) -> frozenset[str] | None:
    keywords = frozenset(keyword.arg or "**" for keyword in call.keywords)
    rest = call.args[code_at + 1 :]
    if not rest:
        return None if "**" in keywords else keywords - {"retry_at"}
    if isinstance(rest[0], ast.Dict):
        keys = [key.value for key in rest[0].keys if isinstance(key, ast.Constant)]
        return frozenset(str(key) for key in keys) if len(keys) == len(rest[0].keys) else None
    return None


def needs(sentence: Sentence) -> set[str]:
    """The facts without which it cannot be said."""
    texts = [sentence.text, sentence.plural or ""]
    named = {field for text in texts for _, field, _, _ in Formatter().parse(text) if field}
    money = {"currency"} if any(name.endswith("_minor") for name in named) else set[str]()
    return named | money | ({sentence.counts} if sentence.counts else set())


USES, WRITTEN = read()


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.place} {use.code}")
def test_a_phrase_that_is_made_can_be_said(use: Use) -> None:
    assert use.code in PHRASES, use.place
    if use.facts is not None:
        assert needs(PHRASES[use.code]) <= use.facts, use.place


def test_no_sentence_waits_for_a_phrase_that_nobody_makes() -> None:
    made = {use.code for use in USES} | WRITTEN
    assert {code for code in PHRASES if code not in made and code.partition(".")[0] not in made} == set()


@pytest.mark.parametrize("code", PHRASES)
def test_a_sentence_is_a_sentence(code: str) -> None:
    sentence = PHRASES[code]
    for text in filter(None, (sentence.text, sentence.plural)):
        assert re.search(r"[.?!]$", text), text
        assert text[0].isupper() or text[0] == "{", text
        assert "  " not in text
    assert (sentence.plural is None) == (sentence.counts == "")
