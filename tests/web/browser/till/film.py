"""A film for a fake camera: what the browser takes for the picture of its camera."""

from pathlib import Path
from tempfile import mkdtemp

from playwright.async_api import Browser

from wallet import qr

FRAMES = 4


async def film_of(chromium: Browser, token: str) -> Path:
    """A file in which a phone is held before the camera, a little askew, its code on it: Motion JPEG."""
    page = await chromium.new_page(viewport={"width": 640, "height": 480})
    await page.set_content(
        "<body style='margin:0;height:480px;display:grid;place-items:center;background:#6d5c4a'>"
        "<div style='width:360px;padding:18px;background:#fff;border-radius:24px;transform:rotate(-7deg)'>"
        f"{qr.svg(token)}</div></body>"
    )
    picture = await page.screenshot(type="jpeg", quality=85)
    await page.close()
    found = Path(mkdtemp(prefix="camera")) / "code.mjpeg"
    found.write_bytes(picture * FRAMES)
    return found


def camera_showing(film: Path) -> tuple[str, ...]:
    """What Chromium is started with so that its camera shows the film, and may be used."""
    return (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
