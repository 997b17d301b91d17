"""What the frame of a page of modules loads: an import map, modules and styles, and the policy that lets them in."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup

from schema.translations import Translator
from web.assets import assets
from web.modules import modules_of

LIBRARIES = {
    "preact": "/static/vendor/preact/preact.mjs",
    "preact/hooks": "/static/vendor/preact/hooks.mjs",
    "htm": "/static/vendor/htm/htm.module.js",
}
"""What the scripts import by name (HTML Living Standard, 8.1.6.2 on import maps)."""

OWN_SCRIPTS = "'self'"


@dataclass(frozen=True, slots=True)
class Loading:
    """What a frame names in its head, for the templates to write."""

    import_map: Markup
    script: str
    modules: Sequence[str]
    """The addresses of all that the script imports, to be fetched at once and not one after the other."""
    styles: Sequence[str]

    @classmethod
    def of(cls, page: str, say: Translator, *, styles: Sequence[str] = ()) -> "Loading":
        """For the page of that name of web.words, in the reader's language, with these assets as its styles."""
        names = {**LIBRARIES, "words": f"/static/words/{page}.{say.locale.language}.js"}
        script = f"{page}/main.js"
        return cls(
            import_map=Markup(json.dumps({"imports": names}, separators=(",", ":"))),  # noqa: S704 -- our own constants
            script=f"/static/{script}",
            modules=modules_of(script, names),
            styles=[f"/static/{path}" for path in styles],
        )

    def policy(self, csp: Mapping[str, str]) -> dict[str, str]:
        """These directives, and the one inline script that may be read: the import map, by its hash (CSP 3, 6.7.2)."""
        digest = b64encode(hashlib.sha256(self.import_map.encode()).digest()).decode()
        return {**csp, "script-src": f"{csp.get('script-src', OWN_SCRIPTS)} 'sha256-{digest}'"}


@cache
def files_of(parts: Sequence[str]) -> list[str]:
    """The assets that begin with each of these parts (a folder with its slash, or a file), in a steady order."""
    return [path for part in parts for path in sorted(assets()) if path.startswith(part)]
