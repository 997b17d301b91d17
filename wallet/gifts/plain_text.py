"""What a sender may write: plain text, without anything that a mail program or a reader would take for a link.

Mail programs turn text into links by themselves, so escaping is not enough: a mail that we send in our name must not
lead to where a stranger wants. Whatever looks like an address of the web or of a mailbox is refused, and so are the
spellings that only look different (full-width letters, other scripts' full stops, characters that cannot be seen).
"""

import re
import unicodedata

NAME_LENGTH = 80
MESSAGE_LENGTH = 280

TYPED_PER_KEPT = 4
"""How many typed characters may stand for one that is kept: marks are composed, and what is not seen falls away."""

JOINERS = frozenset("\u200c\u200d\u200e\u200f")
"""Unseen but needed: they shape Indic conjuncts, join emoji and keep mixed directions apart."""

LINE_BREAKS = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
DOTS_OF_OTHERS = "\u3002\u06d4\u0589\u0701\u0702\u2027\u00b7\u0387\u30fb\ua4f8\ua60e"
"""Full stops and middle dots of other scripts. Beside Latin letters they can only be meant for a dot."""

INITIAL_LETTERS = 2
"""As in `Dr.Rao`; marks that belong to a letter do not count."""

# After NFKC, case-folding and the removal of what cannot be seen. A letter is anything that is no space, digit or mark
# of punctuation, so that the domains of every script are met.
LETTER = r"[^\W\d_]"
LINKS = (
    re.compile(r"[a-z][a-z0-9+.-]*:/"),
    re.compile(r"\b(?:mailto|tel|sms|upi|intent|market|whatsapp|javascript|data|file|about):\S"),
    re.compile(r"\bwww\d*\s*\."),
    re.compile(rf"(?<!\.)\.{LETTER}{{2}}"),
    re.compile(rf"[a-z0-9][{DOTS_OF_OTHERS}][a-z]{{2}}"),
    re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"),
    re.compile(r"[\[({<]\s*(?:\.|dot|punkt|punto)\s*[\])}>]"),
    re.compile(r"\w\s+dot\s+(?:com|net|org|co|io|info|xyz)\b"),
    re.compile(r"\w(?:@|\s*[\[({]\s*at\s*[\])}]\s*)\w+\s*\."),
    re.compile(r"\bxn--"),
)


def over_long(text: str, *, most: int) -> bool:
    """Whether the text, as it was typed, is too long to be cleaned at all: to be asked before anything else is done.

    Bringing a text into normal form and looking for links in it take longer than its length says.
    """
    return len(text) > TYPED_PER_KEPT * most


def clean(text: str) -> str:
    """The text in normal form (NFC), without space around it, without characters that cannot be seen.

    Every kind of line break is `\\n` after it, a tab is a space. Control characters stay, for `is_plain` to find.
    What is `over_long` does not belong here.
    """
    seen = "".join(c for c in text if unicodedata.category(c) != "Cf" or c in JOINERS)
    return LINE_BREAKS.sub("\n", unicodedata.normalize("NFC", seen)).replace("\t", " ").strip()


def clean_name(name: str) -> str:
    """The name, cleaned, with a space after each initial: `K.R.Meera` is a person, and not taken for a domain."""
    head, *rest = clean(name).split(".")
    for part in rest:
        before = head.rpartition(" ")[2]
        initial = 1 <= sum(unicodedata.category(c).startswith("L") for c in before) <= INITIAL_LETTERS
        head += ". " if initial and part[:1].isalpha() else "."
        head += part
    return head


def is_plain(text: str, *, lines: bool) -> bool:
    """Whether the text has nothing but what is seen; a line break only where `lines` are allowed."""
    return all(unicodedata.category(c) not in ("Cc", "Cs", "Co") or (lines and c == "\n") for c in text)


def has_link(text: str) -> bool:
    """Whether a mail program would make a link of a part of it, or a person would read one.

    Strict on purpose: a full stop right before two letters is taken for a domain, even where a space was forgotten.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = "".join(c for c in folded if unicodedata.category(c) not in ("Cf", "Mn", "Mc", "Me"))
    return any(link.search(seen) for link in LINKS)


def sender_name(name: str | None, email: str) -> str:
    """How a gift names its sender: by name, else by the first half of the address, and never as a link.

    The whole address is not told: a gift that was sent to the wrong person must not lead them to the sender.
    """
    shown = clean_name(name or "")
    if not shown:
        mailbox = email.rpartition("@")[0].partition("+")[0]
        shown = " ".join(re.split(r"[._\-\s]+", mailbox)).strip().title() or mailbox
    if has_link(shown) or not is_plain(shown, lines=False):
        shown = " ".join(re.sub(r"[^\w\s'-]", " ", shown).split()) or "?"
    return shown[:NAME_LENGTH]
