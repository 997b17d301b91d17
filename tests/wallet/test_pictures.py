"""Which pictures are let in."""

import itertools
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from wallet.errors import InvalidInput
from wallet.pictures import BYTES_MAX, media_type_of


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int = 1, height: int = 1) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def svg(inside: str = "", attributes: str = "", before: str = "") -> bytes:
    return f'{before}<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'.encode()


def laughs(nested: Callable[[int], str]) -> bytes:
    """A drawing whose parts refer to each other, thirty times over: 6 KB that would be drawn for ever."""
    return svg(
        '<g id="n0"><circle r="1"/></g>' + "".join(nested(level) for level in range(1, 31)) + '<use href="#n30"/>'
    )


def test_png_and_svg_that_draw_are_let_in() -> None:
    assert media_type_of(png()) == "image/png"
    drawing = (
        '<defs><linearGradient id="a"><stop offset="0" stop-color="#fff"/></linearGradient></defs>'
        '<rect width="9" height="9" fill="url(#a)" style="stroke:#000"/><use href="#a"/><text>Hi</text>'
    )
    assert media_type_of(svg(drawing, 'viewBox="0 0 9 9"')) == "image/svg+xml"


@pytest.mark.parametrize(
    "content",
    [
        *(svg(attributes=f'width="{each}" height=" {each} "') for each in ("4000", "100%", "20.5cm", "12.px", ".5em")),
        svg(attributes='viewBox="-10.5,0 100000 .5" style="stroke-width:2px;font-size:9px"'),
        svg('<g id="a">' + "<rect/>" * 400 + "</g>" + '<use href="#a"/>' * 200),
        svg(
            '<linearGradient id="b"/><linearGradient id="a" href="#b"/>'
            '<pattern id="p"><rect fill="url(#a)"/></pattern><mask id="m"><rect fill="url(#b)"/></mask>'
            + '<rect fill="url(#p)" mask="url(#m)"/>'
            * 500
        ),
        svg('<clipPath id="c"><rect/></clipPath><g clip-path="url(#c)"><g id="g"><rect/></g><use href="#g"/></g>'),
        Path("infra/demo/designs/lanterns.svg").read_bytes(),
    ],
    ids=itertools.count(),
)
def test_drawing_of_a_sensible_size_is_let_in(content: bytes) -> None:
    assert media_type_of(content) == "image/svg+xml"


@pytest.mark.parametrize(
    "content",
    [
        svg("<script>alert(1)</script>"),
        svg('<a href="https://example.com"><rect/></a>'),
        svg('<image href="https://example.com/x.png"/>'),
        svg('<use href="https://example.com/x.svg#a"/>'),
        svg('<use href="data:image/svg+xml,x"/>'),
        svg("<foreignObject><p/></foreignObject>"),
        svg('<rect onclick="alert(1)"/>'),
        svg(attributes='onload="alert(1)"'),
        svg('<rect fill="url(https://example.com/#a)"/>'),
        svg("<style>@import 'x';</style>"),
        svg('<rect style="background:u\\72l(x)"/>'),
        svg('<animate attributeName="href" to="javascript:alert(1)"/>'),
        svg('<set attributeName="onclick" to="alert(1)"/>'),
        svg("<x:script xmlns:x='http://www.w3.org/1999/xhtml'/>"),
        svg("&a;", before='<!DOCTYPE svg [<!ENTITY a "b">]>'),
        svg(before='<?xml-stylesheet href="x.css"?>'),
        svg("<g>" * 41 + "</g>" * 41),
        laughs(lambda level: f'<g id="n{level}">' + f'<use href="#n{level - 1}"/>' * 10 + "</g>"),
        laughs(lambda level: f'<symbol id="n{level}">' + f'<use href="#n{level - 1}"/>' * 2 + "</symbol>"),
        laughs(lambda level: f'<pattern id="n{level}">' + f'<rect fill="url(#n{level - 1})"/>' * 10 + "</pattern>"),
        laughs(lambda level: f'<mask id="n{level}">' + f'<g mask="url(#n{level - 1})"/>' * 10 + "</mask>"),
        laughs(lambda level: f'<clipPath id="n{level}"><rect style="clip-path: url( #n{level - 1} )"/></clipPath>'),
        laughs(lambda level: f'<g fill="url(#n{level - 1})"><mask id="n{level}">{"<rect/>" * 10}</mask></g>'),
        svg('<pattern id="a"><use href="#b"/></pattern><g id="b"/><rect fill="url(#a)"/>'),
        svg('<g id="a"><use href="#a"/></g>'),
        svg('<g id="a">' + "<rect/>" * 400 + "</g>" + '<use href="#a"/>' * 400),
        svg('<mask id="a">' + "<rect/>" * 400 + "</mask>" + '<rect mask="url(#a)"/>' * 400),
        svg('<marker id="a"><rect/></marker><path marker-mid="url(#a)"/>'),
        *(
            svg(attributes=f'{name}="{value}"')
            for name in ("width", "height")
            for value in ("1000000000", "4001", "1e9", "-1", "50in", "200%", "", "px", ".", "NaN", "9" * 400)
        ),
        *(
            svg(attributes=f'viewBox="{value}"')
            for value in ("0 0 1000000000 9", "0 0 9", "0 0 0 9", "0 0 -9 9", "0 0 9 1e9", "a b c d", "0 0 9 9 9")
        ),
        *(svg(attributes=f'style="{value}"') for value in ("width:1e9px", "min-height: 9in", "a:b;INLINE-SIZE:9px")),
        svg('<rect width="1000000000"/>'),
        svg('<svg width="5000"/>'),
    ],
    ids=itertools.count(),
)
def test_svg_that_does_more_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        media_type_of(content)
    assert refused.value.problems[0].phrase.code == "picture_not_plain"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<svg",
        b"\xff\xfe<\0s\0v\0g\0",
        png()[:-1],
        png() + b"more",
        png().replace(b"IDAT", b"IDAX"),
        png(width=4_001),
        png(height=0),
        b"\x89PNG\r\n\x1a\n",
        png()[:8] + b"\xff" * 40,
        svg("x" * BYTES_MAX),
    ],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        media_type_of(content)
