"""Nothing is said in English to somebody who reads another language."""

import gettext
import re
from io import BytesIO

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo

from infra import messages
from schema.translations import DEFAULT, LANGUAGES

PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w+(?::\w+)?)\}")
LATIN_LETTER = re.compile(r"[A-Za-z]")
SCRIPTS = {"bn": "[ঀ-৿]", "hi": "[ऀ-ॿ]", "ml": "[ഀ-ൿ]", "te": "[ఀ-౿]", "th": "[฀-๿]"}


@pytest.fixture(scope="module")
def collected() -> Catalog:
    return messages.collect()


def said(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def placeholders(text: str) -> list[str]:
    return sorted(one or other for one, other in PLACEHOLDER.findall(text))


def test_there_is_a_catalogue_for_every_language_but_english() -> None:
    assert {DEFAULT, *messages.TRANSLATED} == set(LANGUAGES)


@pytest.mark.parametrize("language", messages.TRANSLATED)
def test_the_catalogue_has_what_is_said_and_no_more(language: str, collected: Catalog) -> None:
    """Where it does not: `make messages`, then translate what is empty."""
    committed = messages.read(language)
    assert {message.id for message in said(committed)} == {message.id for message in said(collected)}


@pytest.mark.parametrize("language", messages.TRANSLATED)
def test_nothing_is_missing_or_guessed(language: str) -> None:
    catalogue = messages.read(language)
    missing = [m.id for m in said(catalogue) if m.fuzzy or not all(forms(m.string)) or not m.string]
    assert missing == []
    assert all(len(forms(m.string)) == catalogue.num_plurals for m in said(catalogue) if m.pluralizable)


@pytest.mark.parametrize("language", messages.TRANSLATED)
def test_every_translation_is_in_its_script(language: str) -> None:
    for message in said(messages.read(language)):
        for form in forms(message.string):
            assert re.search(SCRIPTS[language], form), form
            assert form not in forms(message.id)
            words = LATIN_LETTER.sub("", PLACEHOLDER.sub("", form))
            assert len(words) > len(PLACEHOLDER.sub("", form)) / 2, f"mostly Latin letters: {form}"


@pytest.mark.parametrize("language", messages.TRANSLATED)
def test_every_translation_has_the_same_blanks_to_fill(language: str) -> None:
    for message in said(messages.read(language)):
        wanted = [placeholders(form) for form in forms(message.id)]
        for form in forms(message.string):
            # A form for one number may spell it out, as the English singular may.
            assert placeholders(form) in wanted, form
        assert placeholders(forms(message.string)[-1]) == wanted[-1]


@pytest.mark.parametrize("language", messages.TRANSLATED)
def test_the_catalogue_counts_as_its_language_does(language: str) -> None:
    catalogue, rule = messages.read(language), Locale.parse(language).plural_form
    translations = loaded(catalogue)
    singular, plural = "{number} point", "{number} points"
    (message,) = [m for m in said(catalogue) if m.id == (singular, plural)]
    for number in range(200):
        expected = forms(message.string)[0 if catalogue.num_plurals == 1 or rule(number) == "one" else 1]
        assert translations.ngettext(singular, plural, number) == expected


@pytest.mark.parametrize("language", messages.TRANSLATED)
def test_what_was_compiled_is_what_is_committed(language: str) -> None:
    """Where it is not: `python -m infra.messages --compile`."""
    with messages.mo_path(language).open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    committed = loaded(messages.read(language))
    for message in said(messages.read(language)):
        for number in range(3):
            one, *more = forms(message.id)
            assert compiled.ngettext(one, more[0] if more else one, number) == committed.ngettext(
                one, more[0] if more else one, number
            )


@pytest.mark.parametrize("language", messages.TRANSLATED)
def test_collecting_again_changes_nothing(language: str, collected: Catalog) -> None:
    before = messages.read(language)
    after = messages.merged(language, collected)
    assert {m.id: m.string for m in said(after)} == {m.id: m.string for m in said(before)}


def loaded(catalogue: Catalog) -> gettext.GNUTranslations:
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
