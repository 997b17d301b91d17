"""What a page is made of, as a browser reads it."""

from html.parser import HTMLParser

UNSEEN = {"script", "style", "template", "title"}


class Markup(HTMLParser):
    """`text` is what a reader without scripts sees; `elements` are all start tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._hidden: list[bool] = []
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def addresses(self) -> list[str]:
        """Everything that the page names to be loaded, opened or sent to."""
        names = ("src", "href", "srcset", "action", "formaction", "data", "poster", "background")
        return [value for _, attributes in self.elements for name in names if (value := attributes.get(name))]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag not in {"meta", "link", "input", "br", "img", "base", "hr"}:
            around = bool(self._hidden and self._hidden[-1])
            self._hidden.append(around or "hidden" in attributes or tag in UNSEEN)

    def handle_endtag(self, tag: str) -> None:
        self._hidden.pop()

    def handle_data(self, data: str) -> None:
        if not (self._hidden and self._hidden[-1]):
            self.words.append(data)
