"""Logs: what is written, and what never is."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import structlog

from infra.edge.logs import Lines, configure_logging, fault, loggable_path, redacted

UUID = "0192f0c1-2b3c-7d4e-8f50-123456789abc"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("all is well", "all is well"),
        ("maria@example.com asked", "…@… asked"),
        ("Key (email)=(maria.k+1@mail.example.co.in)", "Key (email)=(…@…)"),
        ("token 9" + "0" * 217, "token …"),
        ("Bearer eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln", "Bearer …"),
        (
            'check "accounts_card_balance_not_negative"',
            'check "accounts_card_balance_not_negative"',
        ),
        (f"card {UUID} is gone", f"card {UUID} is gone"),
    ],
)
def test_texts_lose_what_could_be_private(text: str, written: str) -> None:
    assert redacted(text) == written


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/graphql", "/graphql"),
        ("/", "/"),
        ("/g/abc", "/g/…"),
        ("/g/", "/g/"),
        ("/a/g/abc/d", "/a/g/…/d"),
        ("/x/" + "a" * 21, "/x/…"),
        ("/maria@example.com", "/…@…"),
        ("/" + "ab/" * 500, "/" + "ab/" * 66 + "a"),
    ],
)
def test_paths_lose_what_could_be_a_secret(path: str, written: str) -> None:
    assert loggable_path(path) == written


def test_a_fault_is_its_type_its_place_and_its_first_argument() -> None:
    try:
        raise ValueError("bad maria@example.com", "DETAIL: the whole row")
    except ValueError as error:
        told = fault(error)
    assert told["exception"] == "builtins.ValueError"
    assert told["message"] == "bad …@…"
    assert str(told["at"]).count("test_logs.py") == 1


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What was written to standard error. Logging is as it was before, afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield lambda: capsys.readouterr().err
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_every_line_is_a_json_object_without_the_text_of_exceptions(written: Callable[[], str]) -> None:
    # when
    configure_logging(style="json")
    structlog.get_logger("ours").info("said", number=1)
    logging.getLogger("theirs").warning("heard %s", "this")
    try:
        raise KeyError("maria@example.com")
    except KeyError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    logging.getLogger("uvicorn.access").info("GET /g/secret")
    # then
    text = written()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("said", "info"),
        ("heard this", "warning"),
        ("Exception in ASGI application", "error"),
    ]
    assert (lines[2]["exception"], lines[2]["message"]) == ("builtins.KeyError", "…@…")
    assert "maria" not in text


def test_a_line_says_whatever_it_is_told(written: Callable[[], str]) -> None:
    configure_logging(style="json")
    structlog.get_logger("ours").info(
        "said", big=2**70, half="\ud800", odd={1}, moment=datetime(2026, 1, 1, tzinfo=UTC)
    )
    try:
        raise KeyError("maria@example.com")
    except KeyError:
        structlog.get_logger("ours").exception("failed")
    said, failed = (json.loads(line) for line in written().splitlines())
    assert (said["big"], said["half"], said["odd"]) == (2**70, "\ud800", "{1}")
    assert (failed["level"], failed["exception"], failed["message"]) == ("error", "builtins.KeyError", "…@…")


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    file = io.BytesIO()
    lines = Lines(file)
    lines.info(b"said")
    said = file.getvalue()
    file.close()
    lines.info(b"not heard")
    assert said == b"said\n"


def test_a_person_can_read_the_other_style(written: Callable[[], str]) -> None:
    configure_logging(style="console")
    structlog.get_logger().warning("said", number=1)
    text = written()
    assert "said" in text
    assert "number" in text
