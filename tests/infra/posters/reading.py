"""Reads posters back: the text of a PDF as a viewer searches it, the pixels of a PNG as a camera sees them."""

import re
import struct
import zlib

import zxingcpp

STREAM = re.compile(
    rb"(\d+) 0 obj\s*<<((?:(?!endobj).)*?/FlateDecode(?:(?!endobj).)*?)>>\s*stream\n(.*?)\nendstream", re.DOTALL
)
FONT = re.compile(rb"/(f\d+) (\d+) 0 R")
LITERAL = rb"\((?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*\)"
SHOWN = re.compile(
    rb"/(?:Alt|Lang)(?:%(s)s|<[0-9A-F]*>)|/ActualText<FEFF(?P<wide>[0-9A-F]*)>|/ActualText(?P<plain>%(s)s)|(?P<end>EMC)"
    rb"|/(?P<font>f\d+) [\d.]+ Tf|(?P<literal>%(s)s)|(?<!<)<(?P<digits>[0-9A-Fa-f]+)>" % {b"s": LITERAL},
    re.DOTALL,
)
ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


RAISED = re.compile("([\u0e01-\u0e2e][\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]+)\\1")
"""Typst writes a Thai letter whose mark is raised in two pieces, and says the letter with each."""


def text_of(pdf: bytes) -> str:
    """What the page says, in the order of its content; soft places to break a word are left out."""
    streams = {int(number): zlib.decompress(content) for number, _, content in STREAM.findall(pdf)}
    fonts = {name: letters_of(pdf, int(number), streams) for name, number in FONT.findall(pdf)}
    [page] = [content for content in streams.values() if b" Tf" in content]
    said, font, replaced = list[str](), dict[int, str](), False
    for found in SHOWN.finditer(page):
        match found.lastgroup:
            case "wide":
                said.append(bytes.fromhex(found["wide"].decode()).decode("utf-16-be"))
                replaced = True
            case "plain":
                said.append(plain(found["plain"]).decode("ascii"))
                replaced = True
            case "end":
                replaced = False
            case "font":
                font = fonts[found["font"]]
            case "literal" | "digits" if not replaced:
                glyphs = plain(found["literal"]) if found["literal"] else bytes.fromhex(found["digits"].decode())
                said.extend(font[glyph] for (glyph,) in struct.iter_unpack(">H", glyphs))
    return RAISED.sub(r"\1", "".join(said).replace("\u200b", ""))


def letters_of(pdf: bytes, font: int, streams: dict[int, bytes]) -> dict[int, str]:
    found = re.search(rb"\n%d 0 obj\n<<(?:(?!endobj).)*?/ToUnicode (\d+) 0 R" % font, pdf, re.DOTALL)
    assert found, "every font says which letters it draws"
    pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", streams[int(found[1])])
    return {int(glyph, 16): bytes.fromhex(letters.decode()).decode("utf-16-be") for glyph, letters in pairs}


def plain(literal: bytes) -> bytes:
    return ESCAPED.sub(unescaped, literal[1:-1])


def unescaped(found: re.Match[bytes]) -> bytes:
    said = found[1]
    return bytes([int(said, 8)]) if said[:1].isdigit() else NAMED.get(said, said)


def pages_of(pdf: bytes) -> int:
    [count] = re.findall(rb"/Type/Pages/Count (\d+)", pdf)
    return int(count)


def grey(png: bytes) -> list[bytearray]:
    """The green of an RGBA picture's rows: its filters (PNG, section 9) work on each channel alone."""
    wide, high, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", png[16:29])
    assert (depth, kind, interlaced) == (8, 6, 0)
    at, packed = 8, b""
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        packed += png[at + 8 : at + 8 + length] if name == b"IDAT" else b""
        at += length + 12
    raw, step = zlib.decompress(packed), 4 * wide + 1
    rows, above = list[bytearray](), bytearray(wide)
    for start in range(0, high * step, step):
        above = unfiltered(raw[start], bytearray(raw[start + 2 : start + step : 4]), above)
        rows.append(above)
    return rows


def unfiltered(kind: int, row: bytearray, above: bytearray) -> bytearray:
    if kind == 0 or (kind == 2 and not any(row)):
        return row if kind == 0 else bytearray(above)
    left = corner = 0
    for x, up in enumerate(above):
        left = row[x] = (row[x] + (0, left, up, (left + up) // 2, paeth(left, up, corner))[kind]) & 255
        corner = up
    return row


def paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


def codes_in(rows: list[bytearray], *, every: int = 1) -> list[str]:
    """The QR codes that a reader sees, of the picture or of each so manieth pixel of it."""
    lines = [bytes(row[::every]) for row in rows[::every]]
    image = memoryview(b"".join(lines)).cast("B", shape=[len(lines), len(lines[0])])
    return [code.text for code in zxingcpp.read_barcodes(image)]
