"""What a poster says of a program."""

from dataclasses import replace

from infra.posters import Poster, of_program
from schema.translations import LANGUAGES, translator
from tests.infra.posters.shop import PROGRAM
from wallet.programs import Program
from wallet.rules import Rules
from wallet.templates import TEMPLATES
from wallet.values import Minor, Points


def poster(program: Program, *languages: str) -> Poster:
    says = [translator(language) for language in languages or ("en",)]
    return of_program(program, logo=None, base_url="http://127.0.0.1:8000", says=says)


def from_template(name: str) -> Program:
    template = TEMPLATES[name]
    return replace(PROGRAM, rules=template.rules(Minor(1_000)))


def test_it_says_what_a_newcomer_cares_for_and_three_things_at_most() -> None:
    [said] = poster(PROGRAM).wordings
    assert said.invitation == "Collect beans with every visit."
    assert said.terms == (
        "You get 1 bean for every ₹10 you spend.",
        "6 stamps bring you: A free coffee. Stamps beyond them count for the next one.",
        "You get 20 beans for joining.",
    )


def test_it_invites_to_what_the_program_has() -> None:
    stamps, nothing = from_template("cafe"), replace(PROGRAM, rules=Rules(points=Points(0), per_minor=Minor(1_000)))
    assert poster(stamps).wordings[0].invitation == "Collect stamps with every visit."
    assert "stamps bring you: A free coffee." in poster(stamps).wordings[0].terms[0]
    assert poster(nothing).wordings[0].invitation == "Become one of our regulars."
    assert all("bean" not in term for term in poster(nothing).wordings[0].terms)


def test_it_promises_nothing_that_holds_only_sometimes() -> None:
    for name in TEMPLATES:
        for term in poster(from_template(name)).wordings[0].terms:
            assert "Double Tuesdays" not in term
            assert "Birthday" not in term
            assert "your money counts" not in term


def test_each_language_says_it_in_its_own_words() -> None:
    said = [poster(PROGRAM, language).wordings[0] for language in LANGUAGES]
    assert [each.language for each in said] == list(LANGUAGES)
    for sentence in ("invitation", "scan", "rules", "terms"):
        assert len({getattr(each, sentence) for each in said}) == len(LANGUAGES)
    assert {len(each.terms) for each in said} == {3}


def test_a_program_called_like_its_merchant_is_named_once() -> None:
    assert poster(PROGRAM).title == "Monsoon Coffee: Monsoon Regulars"
    assert poster(replace(PROGRAM, name="Monsoon Coffee")).title == "Monsoon Coffee"
    assert poster(PROGRAM).address == "http://127.0.0.1:8000/join/monsoon"
