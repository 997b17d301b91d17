"""Media types: what a request may be written in, and what its answer is written in."""

from dataclasses import dataclass
from functools import lru_cache

from starlette.datastructures import Headers

RESPONSE_JSON = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"
OFFERED = (JSON, RESPONSE_JSON)
"""The first is given to those who accept anything: old clients say */* and mean this one."""
UTF_8 = frozenset({"charset=utf-8", 'charset="utf-8"'})


@dataclass(frozen=True, slots=True)
class Range:
    """One of the ranges of an Accept header, e.g. application/*;q=0.8."""

    type: str
    quality: float
    place: int

    def covers(self, media_type: str) -> bool:
        return self.type in (media_type, "*/*", media_type.split("/")[0] + "/*")

    @property
    def precision(self) -> int:
        return 0 if self.type == "*/*" else 1 if self.type.endswith("/*") else 2


def accepted(headers: Headers, offered: tuple[str, ...] = OFFERED) -> str | None:
    """The offered media type that the client likes best (RFC 9110 §12.5.1); None if it accepts none of them.

    Of equally liked ones, the one named more precisely, then the one named first.
    """
    accept = ",".join(headers.getlist("accept"))
    return choose(accept, offered) if accept else offered[0]


@lru_cache(maxsize=128)
def choose(accept: str, offered: tuple[str, ...]) -> str | None:
    ranges = ranges_of(accept)
    best: tuple[float, int, int] | None = None
    chosen = None
    for media_type in offered:
        covering = [each for each in ranges if each.covers(media_type)]
        if not covering:
            continue
        decisive = max(covering, key=lambda each: each.precision)
        liking = (decisive.quality, decisive.precision, -decisive.place)
        if decisive.quality > 0 and (best is None or liking > best):
            best, chosen = liking, media_type
    return chosen


def ranges_of(header: str) -> list[Range]:
    """The ranges that an Accept header names; those that make no sense are left out."""
    ranges = []
    for place, part in enumerate(header.split(",")):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if "/" not in media_type and media_type != "*":
            continue
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = quality_of(value.strip())
        ranges.append(Range("*/*" if media_type == "*" else media_type, quality, place))
    return ranges


def quality_of(text: str) -> float:
    """A weight from 0 to 1; what is no weight weighs nothing."""
    digits = text.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit() and len(text) <= 5):
        return 0.0
    return min(float(text), 1.0)


def is_json(headers: Headers) -> bool:
    """Whether the body is said to be application/json in UTF-8, and neither compressed nor anything else."""
    types = headers.getlist("content-type")
    if len(types) != 1 or headers.get("content-encoding", "identity").lower() != "identity":
        return False
    media_type, *parameters = (piece.strip().lower() for piece in types[0].split(";"))
    return media_type == JSON and all(parameter in UTF_8 for parameter in parameters)
