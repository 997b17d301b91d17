"""How large a drawing in SVG is, and how much has to be drawn for it: a small file can ask for what takes for ever.

What refers to a part of the drawing has it drawn again. So parts that are drawn again refer to nothing that would be:
then what is drawn is at most all elements, once for each `use` of them, each with the largest pattern or mask there is.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

SIDE_MAX = 4_000
"""Of the picture, in pixels."""
VIEW_MAX = 100_000
"""Of its own coordinates, and of whatever stands in them."""
ELEMENTS_MAX = 5_000
DEPTH_MAX = 40
DRAWN_MAX = 100_000

CONTAINERS = frozenset({"pattern", "mask", "clipPath", "filter"})
"""What is drawn for each element that refers to it."""
GRADIENTS = frozenset({"linearGradient", "radialGradient"})

URL = re.compile(r"url\(\s*['\"]?#([A-Za-z_][\w.-]*)")
LENGTH = re.compile(r"([0-9]{0,6}(?:\.[0-9]{0,20})?)(px|pt|pc|mm|cm|in|em|ex|%)?")
NUMBER = re.compile(r"[+-]?[0-9]{0,6}(?:\.[0-9]{0,20})?")
PIXELS: Mapping[str, float] = {
    "px": 1,
    "pt": 96 / 72,
    "pc": 16,
    "mm": 96 / 25.4,
    "cm": 96 / 2.54,
    "in": 96,
    "em": 16,
    "ex": 8,
    "%": SIDE_MAX / 100,
}
"""CSS Values and Units Level 4, section 6; a percentage is of no more than the largest picture."""
NO_SIZES = re.compile(r"stroke-width|line-height|font-size", re.IGNORECASE)
SIZES = re.compile(r"width|height|size|zoom", re.IGNORECASE)


class BadSize(Exception):
    """It is larger than anything that can be looked at, or no size at all."""


def check_size(local: str, attributes: Mapping[str, str]) -> None:
    """Raises BadSize."""
    for name in ("width", "height"):
        if name in attributes:
            found = LENGTH.fullmatch(attributes[name].strip())
            if found is None or not any(each.isdigit() for each in found[1]):
                raise BadSize
            most = SIDE_MAX if local == "svg" else VIEW_MAX
            if float(found[1]) * PIXELS[found[2] or "px"] > most:
                raise BadSize
    if "viewBox" in attributes:
        said = attributes["viewBox"].replace(",", " ").split()
        if len(said) != 4 or not all(NUMBER.fullmatch(each) and each.strip("+-.") for each in said):
            raise BadSize
        numbers = [float(each) for each in said]
        if min(numbers[2:]) <= 0 or max(abs(each) for each in numbers) > VIEW_MAX:
            raise BadSize
    if local == "svg" and SIZES.search(NO_SIZES.sub("", attributes.get("style", ""))):
        raise BadSize


@dataclass(slots=True)
class Part:
    """An element that is open: which of its ancestors and itself refer to, and what it has inside."""

    local: str
    name: str | None
    paints: tuple[str, ...]
    elements: int = 1
    uses: int = 0


@dataclass(slots=True)
class Drawing:
    """What has been read of a drawing."""

    opened: list[Part] = field(default_factory=list)
    elements: int = 0
    kinds: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    sizes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    using: set[str] = field(default_factory=set)
    """What has a `use` inside."""
    used: list[str] = field(default_factory=list)
    in_containers: set[str] = field(default_factory=set)
    """What is referred to where it would be drawn again and again."""
    largest: int = 0

    @property
    def is_too_much(self) -> bool:
        return self.elements > ELEMENTS_MAX or len(self.opened) > DEPTH_MAX or self.opened[0].local != "svg"

    @property
    def multiplies(self) -> bool:
        """Whether more has to be drawn for it than is let in. For a drawing that was read to its end."""
        if any(self.kinds[name] - GRADIENTS for name in self.in_containers) or self.using & set(self.used):
            return True
        drawn = self.elements + sum(self.sizes[name] for name in self.used)
        return drawn * (1 + self.largest) > DRAWN_MAX

    def begin(self, local: str, attributes: Mapping[str, str]) -> None:
        self.elements += 1
        refers = [name for value in attributes.values() for name in URL.findall(value)]
        before = self.opened[-1].paints if self.opened else ()
        part = Part(local, attributes.get("id"), tuple({*before, *refers}))
        self.opened.append(part)
        if part.name is not None:
            self.kinds[part.name].add(local)
        target = next((value[1:] for name, value in attributes.items() if name.rpartition(" ")[2] == "href"), None)
        if local == "use" and target is not None:
            part.uses = 1
            self.used.append(target)
        if any(each.local in CONTAINERS for each in self.opened):
            self.in_containers.update(part.paints)
            if target is not None:
                self.in_containers.add(target)

    def end(self) -> None:
        part = self.opened.pop()
        if part.name is not None:
            self.sizes[part.name] = max(self.sizes[part.name], part.elements)
            if part.uses:
                self.using.add(part.name)
        if part.local in CONTAINERS:
            self.largest = max(self.largest, part.elements)
        if self.opened:
            self.opened[-1].elements += part.elements
            self.opened[-1].uses += part.uses
