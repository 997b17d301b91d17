"""Logs: one JSON object a line, with a request id, and without headers, bodies, tokens or e-mail addresses."""

import contextlib
import json
import logging
import re
import sys
import traceback
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import BinaryIO, Literal

import orjson
import structlog

EMAIL = re.compile(r"[^\s@<>\"'(),:;/]+@[^\s@<>\"'(),:;/]+")
LONG = re.compile(r"(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+)*")
"""Long, and with a digit in it: tokens are; names of tables and constraints are not."""
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SEGMENT_MAX = 20
"""No segment of our paths is longer; what is, could be a secret."""
PATH_MAX = 200
MESSAGE_MAX = 500
FRAMES_MAX = 20


def configure_logging(*, style: Literal["json", "console"], level: int = logging.INFO) -> None:
    """From now on structlog and the standard library's logging write to standard error, in one style."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = structlog.dev.ConsoleRenderer()
    processors = [*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
    factory: Callable[..., object] = structlog.stdlib.LoggerFactory()
    if style == "json":
        renderer = structlog.processors.JSONRenderer(sort_keys=False)
        # Our own lines, one a request, are written directly: through the standard library they cost thrice as much.
        processors = [*shared, remove_exceptions, structlog.processors.JSONRenderer(serializer=to_json)]
        factory = partial(Lines, sys.stderr.buffer)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[remove_exceptions, structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"


class Lines:
    """Writes lines to a file, each of them at once. Where nothing can be written there is nobody to tell."""

    def __init__(self, file: BinaryIO, *_names: object) -> None:
        """`_names` are what a logger was asked for by; no line says them."""
        self._file = file

    def line(self, text: bytes) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._file.write(text + b"\n")
            self._file.flush()

    debug = info = warning = error = critical = line


def to_json(event: object, **_options: object) -> bytes:
    """One line of the log. What JSON has no form for stands there as Python writes it."""
    try:
        return orjson.dumps(event, default=repr)
    except TypeError:
        return json.dumps(event, default=repr).encode("ascii")


def remove_exceptions(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Says of an exception what `fault` says: the text of an exception can hold what it stumbled over."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event.update(fault(error))
    return event


def fault(error: BaseException) -> dict[str, object]:
    """An exception for the log: its type, where it was raised, and its message without what could be private."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    # The first argument alone: asyncpg puts DETAIL, which quotes rows, behind it.
    message = str(error.args[0]) if error.args else ""
    return {
        "exception": f"{type(error).__module__}.{type(error).__qualname__}",
        "message": redacted(message)[:MESSAGE_MAX],
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def redacted(text: str) -> str:
    """The text with e-mail addresses and whatever looks like a token left out."""
    return LONG.sub(lambda found: found[0] if UUID.fullmatch(found[0]) else "…", EMAIL.sub("…@…", text))


def loggable_path(path: str) -> str:
    """A path without its secrets: gift links, and any segment long enough to be one."""
    segments = path[:PATH_MAX].split("/")
    shown = [
        "…" if (segment and index and segments[index - 1] == "g") or len(segment) > SEGMENT_MAX else segment
        for index, segment in enumerate(segments)
    ]
    return redacted("/".join(shown))
