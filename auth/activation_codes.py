"""Activation codes: eight letters, said or typed once, that turn a device into a terminal.

The alphabet and length are those of RFC 8628 §6.1: twenty consonants, so that no code spells a word, no
letter is mistaken for a digit, and a guess is right once in 2.56 × 10^10.
"""

import re
import secrets

from auth.secrets import SecretBox

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LETTERS = 8

CODE = re.compile(rf"[{ALPHABET}]{{{LETTERS}}}\Z")
IGNORED = re.compile(r"[\s\-\u2010-\u2015_.]+")


def new_code() -> str:
    """A random code, shown as XXXX-XXXX."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))
    return f"{letters[:4]}-{letters[4:]}"


def hash_of(box: SecretBox, typed: str) -> bytes | None:
    """The keyed hash (32 bytes) of a code as typed, in any case, with any blanks and dashes; None for no code."""
    letters = IGNORED.sub("", typed).upper()
    return box.keyed_hash("activation_code", letters.encode()) if CODE.match(letters) else None
