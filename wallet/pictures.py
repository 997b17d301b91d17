"""Which pictures can stand in a mail and on a page of ours: PNG, and SVG that can do nothing but be seen.

An SVG is a document that may run scripts, load and link. So what is let in is named, and not what is kept out: elements
that draw, attributes that say how, and references to other parts of the same drawing; and how much comes of them
(wallet/drawing.py).
"""

import re
import struct
import xml.parsers.expat
import zlib
from dataclasses import dataclass

from wallet.database import Row
from wallet.drawing import SIDE_MAX, BadSize, Drawing, check_size
from wallet.errors import InvalidInput

BYTES_MAX = 262_144

PNG_BEGINS = b"\x89PNG\r\n\x1a\n"
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"

DRAWS = frozenset(
    {
        *(
            "svg",
            "g",
            "defs",
            "symbol",
            "use",
            "title",
            "desc",
            "path",
            "rect",
            "circle",
            "ellipse",
            "line",
            "polyline",
        ),
        *("polygon", "text", "tspan", "linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern"),
        *("filter", "feGaussianBlur", "feOffset", "feBlend", "feColorMatrix", "feMerge", "feMergeNode"),
        *("feFlood", "feComposite", "feDropShadow"),
    }
)
"""SVG 1.1 and 2: neither script, style, a, image, foreignObject, iframe, animation nor anything of another language. No
marker either, which is drawn at every corner of a line.
"""

REFERENCE = re.compile(r"#[A-Za-z_][\w.-]*")
LOADS = re.compile(
    r"url\s*\(|image\s*\(|image-set|@import|expression\s*\(|javascript:|data:|https?:|//|\\", re.IGNORECASE
)
INSIDE = re.compile(r"url\(\s*(['\"]?)#[A-Za-z_][\w.-]*\1\s*\)")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was let in."""

    media_type: str
    content: bytes

    @classmethod
    def from_row(cls, row: Row) -> "Picture":
        return cls(row["media_type"], bytes(row["image"]))


def media_type_of(content: bytes) -> str:
    """`image/png` or `image/svg+xml`. Raises InvalidInput naming `file`: picture_too_large, picture_form,
    picture_not_plain.
    """
    if not 0 < len(content) <= BYTES_MAX:
        raise InvalidInput.of("file", "picture_too_large", most=BYTES_MAX // 1024)
    if content.startswith(PNG_BEGINS):
        if not _is_png(content):
            raise InvalidInput.of("file", "picture_form")
        return "image/png"
    _check_svg(content)
    return "image/svg+xml"


def _is_png(content: bytes) -> bool:
    """Whole chunks with right check sums, from one IHDR of a sensible size to IEND and nothing behind it (ISO/IEC
    15948)."""
    place, kinds = len(PNG_BEGINS), list[bytes]()
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        kind, end = content[place + 4 : place + 8], place + 12 + length
        if (
            end > len(content)
            or zlib.crc32(content[place + 4 : end - 4]) != struct.unpack_from(">I", content, end - 4)[0]
        ):
            return False
        if not kinds:
            if kind != b"IHDR" or length != 13:
                return False
            width, height = struct.unpack_from(">II", content, place + 8)
            if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX):
                return False
        kinds.append(kind)
        place = end
    return place == len(content) and kinds[-1:] == [b"IEND"] and b"IDAT" in kinds


class _NotPlain(Exception):
    pass


def _check_svg(content: bytes) -> None:
    reader = xml.parsers.expat.ParserCreate(namespace_separator=" ")
    drawing = Drawing()

    def begin(name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if namespace != SVG or local not in DRAWS:
            raise _NotPlain
        for attribute, value in attributes.items():
            _check_attribute(attribute, value)
        check_size(local, attributes)
        drawing.begin(local, attributes)
        if drawing.is_too_much:
            raise _NotPlain

    def end(_name: str) -> None:
        drawing.end()

    def refuse(*_facts: object) -> None:
        raise _NotPlain

    reader.StartElementHandler = begin
    reader.EndElementHandler = end
    # A DOCTYPE can declare entities, a processing instruction can name a stylesheet.
    reader.StartDoctypeDeclHandler = refuse
    reader.EntityDeclHandler = refuse
    reader.ProcessingInstructionHandler = refuse
    try:
        content.decode("utf-8")
        reader.Parse(content, True)
        if drawing.multiplies:
            raise _NotPlain
    except (_NotPlain, BadSize):
        raise InvalidInput.of("file", "picture_not_plain") from None
    except (xml.parsers.expat.ExpatError, UnicodeDecodeError, ValueError):
        raise InvalidInput.of("file", "picture_form") from None


def _check_attribute(attribute: str, value: str) -> None:
    namespace, _, local = attribute.rpartition(" ")
    if local.lower().startswith("on"):
        raise _NotPlain
    if local == "href":
        if namespace not in ("", XLINK) or REFERENCE.fullmatch(value) is None:
            raise _NotPlain
        return
    if namespace and not (namespace == "http://www.w3.org/XML/1998/namespace" and local in ("space", "lang")):
        raise _NotPlain
    if LOADS.search(INSIDE.sub("", value)):
        raise _NotPlain
