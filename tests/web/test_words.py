"""What scripts say is found, translated, and said with the facts it asks for."""

import json
import re

import pytest

from infra.messages import TRANSLATED
from schema.translations import LANGUAGES
from web import words

SCRIPTS = {
    f"{folder}/{name}": text
    for folder in sorted({folder for folders in words.PAGES.values() for folder in folders})
    for name, text in words.scripts(folder)
}
MODULES = {(page, language): module for page, language, module in words.modules()}


def test_sentences_are_found_wherever_they_stand() -> None:
    script = """
        t("One.") + html`<p>${t("Two {fact}.", { fact })}</p>` + cond(n("{count} bean", "{count} beans", 3))
        t(
          "Three \\"quoted\\"."); set("no"); not.t("no"); at("no"); n(4, "no")
    """

    assert list(words.messages_of(script)) == [
        "One.",
        "Two {fact}.",
        ("{count} bean", "{count} beans"),
        'Three "quoted".',
    ]


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_sentence_of_a_script_can_be_found(name: str) -> None:
    calls = re.findall(r"(?<![\w.$])[tn]\(", SCRIPTS[name])
    defined = re.findall(r"function [tn]\(", SCRIPTS[name])

    assert len(list(words.messages_of(SCRIPTS[name]))) == len(calls) - len(defined)


@pytest.mark.parametrize("page", words.PAGES)
def test_page_has_words_in_every_language(page: str) -> None:
    said = {
        message
        for folder in words.PAGES[page]
        for _, text in words.scripts(folder)
        for message in words.messages_of(text)
    }
    keys = {message if isinstance(message, str) else message[1] for message in said}

    assert keys
    for language in TRANSLATED:
        module = MODULES[page, language]
        messages = json.loads(module.removeprefix("export const messages = ").rstrip(";\n"))
        assert set(messages) == keys, language
    assert MODULES[page, "en"] == "export const messages = {};\n"
    assert {language for name, language in MODULES if name == page} == set(LANGUAGES)


@pytest.mark.parametrize("language", TRANSLATED)
def test_translation_has_the_facts_of_its_sentence(language: str) -> None:
    for page in words.PAGES:
        messages = json.loads(MODULES[page, language].removeprefix("export const messages = ").rstrip(";\n"))
        for key, said in messages.items():
            for form in [said] if isinstance(said, str) else said[1:]:
                assert sorted(re.findall(r"\{\w+\}", form)) == sorted(re.findall(r"\{\w+\}", key)), form
