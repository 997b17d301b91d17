"""The picture of a token, read back from the SVG itself by another library."""

import math
import random
import re
import sys
from xml.etree import ElementTree

import pytest
import zxingcpp
from qrcode.exceptions import DataOverflowError

from wallet import qr

# The two vectors of docs/TOKENS.md.
EARN = (
    "90300084162174562029800073117556892141655229028830941011877657463010967169594323940312155869436779578449667025578"
    "202348178027790264452713212878643195765014186939374181120149003866220048370360335651894025299134704530185"
)
REDEEM = (
    "90300252486523254726395104938144632579326311829490110708666417587899736018259229585497635927764613208505288397471"
    "501597799935013653310026910432760507304456527241678973429907584006734546173322328964251005249129601643019"
)
SVG = "{http://www.w3.org/2000/svg}"
MODULES = 49


def modules_of(svg: str) -> list[bytearray]:
    """The picture's rows, 1 for dark, painted from its path and nothing else."""
    root = ElementTree.fromstring(svg)
    side = int((root.get("viewBox") or "").split()[-1])
    assert root.get("viewBox") == f"0 0 {side} {side}"
    path = root.findall(f"{SVG}path")[1].get("d") or ""
    assert re.fullmatch(r"(M\d+ \d+\.5h\d+)+", path)
    rows = [bytearray(side) for _ in range(side)]
    for x, y, length in re.findall(r"M(\d+) (\d+)\.5h(\d+)", path):
        for column in range(int(x), int(x) + int(length)):
            assert rows[int(y)][column] == 0, "no module is painted twice"
            rows[int(y)][column] = 1
    return rows


def decoded(pixels: bytearray, side: int) -> list[zxingcpp.Barcode]:
    image = memoryview(pixels).cast("B", shape=[side, side])
    return list(zxingcpp.read_barcodes(image))


def enlarged(rows: list[bytearray], scale: int) -> bytearray:
    pixels = bytearray()
    for row in rows:
        pixels += b"".join((b"\x00" if dark else b"\xff") * scale for dark in row) * scale
    return pixels


def photographed(rows: list[bytearray], *, side: int, rng: random.Random) -> tuple[bytearray, int]:
    """The picture as a bad camera sees it, `side` pixels wide: turned, blurred, at 60 % of the contrast, with noise."""
    canvas = int(side * 1.35)
    turn = math.radians(rng.uniform(-20, 20))
    cos, sin = math.cos(turn) * MODULES / side, math.sin(turn) * MODULES / side
    shift_x, shift_y = rng.uniform(-1, 1), rng.uniform(-1, 1)
    light: list[list[float]] = []
    for y in range(canvas):
        line = []
        for x in range(canvas):
            dark = 0
            for sub_x, sub_y in ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)):
                dx, dy = x + sub_x - canvas / 2, y + sub_y - canvas / 2
                column = int(dx * cos - dy * sin + MODULES / 2 + shift_x)
                row = int(dx * sin + dy * cos + MODULES / 2 + shift_y)
                if 0 <= column < MODULES and 0 <= row < MODULES:
                    dark += rows[row][column]
            line.append(204 - 153 * dark / 4)
        light.append(line)
    blurred = list(
        zip(*(_blurred(line) for line in zip(*(_blurred(line) for line in light), strict=True)), strict=True)
    )
    pixels = bytearray(max(0, min(255, round(value + rng.gauss(0, 12)))) for line in blurred for value in line)
    return pixels, canvas


def _blurred(line: tuple[float, ...] | list[float]) -> list[float]:
    """A Gaussian blur of 0.8 pixels along one line."""
    weights = [math.exp(-(at**2) / (2 * 0.8**2)) for at in (-2, -1, 0, 1, 2)]
    total = sum(weights)
    a, b, c, d, e = (weight / total for weight in weights)
    wide = [line[0], line[0], *line, line[-1], line[-1]]
    return [
        a * wide[at] + b * wide[at + 1] + c * wide[at + 2] + d * wide[at + 3] + e * wide[at + 4]
        for at in range(len(line))
    ]


@pytest.mark.parametrize("token", [EARN, REDEEM])
def test_the_picture_holds_the_token(token: str) -> None:
    # given
    rows = modules_of(qr.svg(token))
    assert len(rows) == MODULES
    # when
    [code] = decoded(enlarged(rows, 4), MODULES * 4)
    # then
    assert code.text == token
    assert code.format == zxingcpp.BarcodeFormat.QRCode
    assert code.ec_level == "M"
    assert qr.VERSION == (MODULES - 2 * 4 - 17) / 4 == 6


def test_the_picture_scales_has_its_quiet_zone_and_sharp_edges() -> None:
    svg = qr.svg(EARN)
    root = ElementTree.fromstring(svg)
    assert root.get("width") is None
    assert root.get("height") is None
    assert root.get("shape-rendering") == "crispEdges"
    ground, code = root.findall(f"{SVG}path")
    assert (ground.get("d"), ground.get("fill")) == (f"M0 0h{MODULES}v{MODULES}H0z", "#fff")
    assert code.get("stroke") == "#000"
    rows = modules_of(svg)
    assert not any(any(row) for row in rows[:4] + rows[-4:])
    assert not any(any(row[:4]) or any(row[-4:]) for row in rows)
    assert all(row[4:11] == bytearray(b"\x01" * 7) for row in (rows[4], rows[10]))
    assert len(svg) < 6_000


def test_the_picture_says_the_token_to_cameras_only() -> None:
    svg = qr.svg(EARN)
    root = ElementTree.fromstring(svg)
    assert "".join(root.itertext()) == ""
    assert {element.tag for element in root.iter()} == {f"{SVG}svg", f"{SVG}path"}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert attributes == {"viewBox", "shape-rendering", "fill", "stroke", "d"}
    assert not re.search(r"[0-9]{6}", svg)


def test_the_same_token_gives_the_same_picture_and_another_another() -> None:
    assert qr.svg(EARN) == qr.svg(EARN)
    assert qr.svg(EARN) != qr.svg(REDEEM)


def test_more_digits_than_version_six_holds_are_no_picture() -> None:
    assert decoded(enlarged(modules_of(qr.svg("7" * 255)), 4), MODULES * 4)[0].text == "7" * 255
    with pytest.raises(DataOverflowError):
        qr.svg("7" * 256)


def read_in_bad_photographs(trials: int, *, side: int) -> int:
    rng = random.Random(20261122)
    read = 0
    for _ in range(trials):
        token = "903" + f"{rng.randrange(2**712):0215d}"
        pixels, canvas = photographed(modules_of(qr.svg(token)), side=side, rng=rng)
        read += [code.text for code in decoded(pixels, canvas)] == [token]
    return read


def test_a_bad_camera_reads_it_at_160_pixels() -> None:
    assert read_in_bad_photographs(8, side=160) >= 7


@pytest.mark.soak
def test_a_bad_camera_reads_at_least_95_of_100_at_160_pixels() -> None:
    read = read_in_bad_photographs(200, side=160)
    sys.stdout.write(f"\nread {read} of 200 photographs, 160 pixels wide\n")
    assert read >= 190


@pytest.mark.parametrize(
    "address",
    ["https://points.example/join/monsoon", f"https://{'a' * 63}.example/join/{'s' * 64}", "http://[::1]:8000/join/ü"],
)
def test_an_address_on_paper_is_read_with_a_fifth_of_it_torn_off(address: str) -> None:
    # given
    rows = modules_of(qr.address_svg(address))
    side = len(rows)
    [whole] = decoded(enlarged(rows, 4), side * 4)
    # when
    torn = round((side - 8) * 0.2)
    for row in rows[side // 2 : side // 2 + torn]:
        row[side - 4 - 2 * torn : side - 4] = bytes(2 * torn)
    [code] = decoded(enlarged(rows, 4), side * 4)
    # then
    assert (whole.text, whole.ec_level) == (address, "Q")
    assert code.text == address
    assert not any(any(row) for row in rows[:4] + rows[-4:])


def test_an_address_that_no_code_holds_is_no_picture() -> None:
    assert decoded(enlarged(modules_of(qr.address_svg("x" * 1_663)), 2), 185 * 2)[0].text == "x" * 1_663
    with pytest.raises(ValueError, match="version"):
        qr.address_svg("x" * 1_664)
