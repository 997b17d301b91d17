"""QR codes as SVG that scales to any screen and any paper: a check-in token, and the address on a poster."""

from collections.abc import Sequence
from itertools import groupby

from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.main import QRCode
from qrcode.util import MODE_NUMBER, QRData

VERSION = 6
"""41 modules: the smallest version whose level M holds the 218 digits of a token."""

QUIET_ZONE = 4
"""Blank modules on every side, as ISO/IEC 18004 asks."""

MASK = 4
"""A reader undoes any of the eight masks. To draw all eight and keep the prettiest would cost several times
the picture itself, and the digits of a token are as good as random: no mask suits them better than another."""


def svg(digits: str) -> str:
    """`digits` as a numeric QR code, version 6, level M: an SVG element that has its quiet zone and no size.

    All dark modules are one stroked path. There is no text in it, not even for a screen reader: only a camera
    reads the token from it. Raises qrcode's DataOverflowError beyond 255 digits.
    """
    code: QRCode = QRCode(version=VERSION, error_correction=ERROR_CORRECT_M, mask_pattern=MASK)
    code.add_data(QRData(digits, mode=MODE_NUMBER))
    code.make(fit=False)
    return _drawn(code.modules)


def address_svg(address: str) -> str:
    """`address` as a QR code for paper: an SVG element like that of `svg`, in the smallest version that holds it.

    Level Q, which survives a quarter of the code under a scratch or a coffee stain. Raises ValueError beyond 1,663
    bytes.
    """
    code: QRCode = QRCode(error_correction=ERROR_CORRECT_Q)
    code.add_data(address.encode(), optimize=0)
    code.make(fit=True)
    return _drawn(code.modules)


def _drawn(modules: Sequence[Sequence[bool | None]]) -> str:
    side = len(modules) + 2 * QUIET_ZONE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path stroke="#000" d="{_runs(modules)}"/></svg>'
    )


def _runs(modules: Sequence[Sequence[bool | None]]) -> str:
    """One `M x y h length` per run of dark modules, through the middle of its row, for a stroke one module wide."""
    path: list[str] = []
    for y, row in enumerate(modules, start=QUIET_ZONE):
        x = QUIET_ZONE
        for dark, run in groupby(row):
            length = sum(1 for _ in run)
            if dark:
                path.append(f"M{x} {y}.5h{length}")
            x += length
    return "".join(path)
