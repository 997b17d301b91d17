"""Files for browsers: packed where that helps, sent once, known by their content."""

import gzip

import httpx
import pytest

from web.assets import Asset, assets, takes_gzip


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip, deflate, br, zstd", True),
        ("GZIP", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("*", True),
        ("gzip;q=0.001", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("br", False),
        ("identity", False),
        ("", False),
        (",;q=,;;", False),
        ("x" * 1000 + ", gzip", False),
    ],
)
def test_a_browser_says_whether_it_can_unpack(header: str, takes: bool) -> None:
    assert takes_gzip(header) is takes


async def test_script_is_sent_packed_to_a_browser_that_can_unpack_it(browser: httpx.AsyncClient) -> None:
    packed = await browser.get("/static/lib/ui.js", headers={"accept-encoding": "gzip"})
    plain = await browser.get("/static/lib/ui.js", headers={"accept-encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content == assets()["lib/ui.js"].content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert {packed.headers["vary"], plain.headers["vary"]} == {"Accept-Encoding"}


def test_what_packing_makes_no_smaller_is_not_packed() -> None:
    incompressible = bytes(range(256))

    assert Asset.of(incompressible, "image/png").packed is None
    assert gzip.decompress(Asset.of(bytes(1000), "image/png").packed or b"") == bytes(1000)


def test_the_same_file_is_packed_the_same_everywhere() -> None:
    assert Asset.of(b"a" * 100, "text/css") == Asset.of(b"a" * 100, "text/css")
