"""What can be seen of a page without a person: rules of accessibility, what does not fit, what a finger cannot hit."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

AXE = Axe()

# What stands beside the screen: a page that scrolls sideways, and words that are cut off in a box that does not scroll.
BESIDE = """
    () => [...document.querySelectorAll("body *")]
        .filter((part) => part.checkVisibility() && !part.closest(".hidden-words, svg, [data-scrolls]"))
        .filter((part) => {
            const box = part.getBoundingClientRect();
            if (box.width === 0 || getComputedStyle(part).position === "fixed") return false;
            const cut = getComputedStyle(part).overflowX === "hidden" && part.scrollWidth > part.clientWidth + 1;
            return box.right > document.documentElement.clientWidth + 1 || box.left < -1 || cut;
        })
        .map((part) => `${part.tagName.toLowerCase()}.${part.className}: ${part.textContent.trim().slice(0, 40)}`)
"""

# WCAG 2.2, 2.5.5: a finger is wider than a cursor. Links within a sentence are as high as its letters.
SMALLER_THAN_A_FINGER = """
    () => [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea, a, summary")]
        .filter((part) => part.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
        .filter((part) => !part.closest(".hidden-words") && !(part.tagName === "A" && part.closest("p, li, dd")))
        .filter((part) => {
            const ticked = ["radio", "checkbox"].includes(part.type);
            const hit = (ticked && part.closest("label")) || part;
            return hit.getBoundingClientRect().height < 43.5;
        })
        .map((part) => part.outerHTML.slice(0, 120))
"""


async def faults(page: Page) -> list[str]:
    """All that is wrong with the page as it is now, in words; nothing if nothing is."""
    return [*await broken_rules(page), *await misfits(page)]


async def broken_rules(page: Page) -> list[str]:
    """What axe finds: names, roles, contrast, headings, landmarks and so on (github.com/dequelabs/axe-core)."""
    judged = await AXE.run(page)
    return [
        f"{fault['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
        for fault in judged.response["violations"]
        for node in fault["nodes"]
    ]


async def misfits(page: Page) -> list[str]:
    """What stands beside the screen, is cut off, or is smaller than a finger."""
    beside = [f"beside the screen: {part}" for part in await page.evaluate(BESIDE)]
    return beside + [f"smaller than a finger: {part}" for part in await page.evaluate(SMALLER_THAN_A_FINGER)]
