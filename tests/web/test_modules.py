"""What a page of scripts has fetched at once is all that it needs, and nothing else."""

import pytest

from web.assets import assets
from web.modules import modules_of
from web.pages.loading import LIBRARIES

NAMES = {**LIBRARIES, "words": "/static/words/join.en.js"}


def test_scripts_are_found_through_each_other_and_once() -> None:
    found = modules_of("gift/gift.js")

    assert {"/static/gift/claimed.js", "/static/lib/graphql.js", "/static/documents.js", "/static/page.js"} <= set(
        found
    )
    assert "/static/gift/gift.js" not in found
    assert len(found) == len(set(found))
    assert {address.removeprefix("/static/") for address in found} <= set(assets())


def test_names_are_led_to_their_files() -> None:
    assert set(NAMES.values()) <= set(modules_of("join/main.js", NAMES))


def test_name_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(KeyError):
        modules_of("join/main.js")


def test_page_of_a_gift_needs_no_library() -> None:
    assert [address for address in modules_of("gift/gift.js") if "/vendor/" in address] == []
