"""Which scripts a script needs, so that a page can have all of them fetched at once."""

import posixpath
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from web.assets import assets

NOTHING: Mapping[str, str] = MappingProxyType({})
IMPORTED = re.compile(r'\bfrom\s*"([\w./-]+)"')


def modules_of(entry: str, names: Mapping[str, str] = NOTHING) -> list[str]:
    """The addresses of the scripts that this one imports, and they in turn, each once; not its own.

    `names` are the addresses of what is imported by a name (HTML Living Standard, 8.1.6.2 on import maps). Raises
    KeyError for a name that is none of them, and for a script that is not there.
    """
    found: dict[str, None] = {}
    waiting = [f"/static/{entry}"]
    while waiting:
        for address in _imported_by(waiting.pop(0)):
            address = address if address.startswith("/") else names[address]
            if address not in found:
                found[address] = None
                waiting.append(address)
    return list(found)


@cache
def _imported_by(address: str) -> list[str]:
    """Addresses, and names as they are."""
    text = assets()[address.removeprefix("/static/")].content.decode()
    folder = posixpath.dirname(address)
    said = IMPORTED.findall(text)
    return [posixpath.normpath(posixpath.join(folder, one)) if one.startswith(".") else one for one in said]
