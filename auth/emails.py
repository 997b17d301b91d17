"""E-mail addresses: what people type, made into what we write to and what makes two spellings one mailbox."""

import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from wallet.errors import InvalidInput

ADDRESS_CHARACTERS_MAX = 254


@dataclass(frozen=True, slots=True)
class Address:
    """`text` is written to and shown; two addresses with one `key` are one mailbox."""

    text: str
    key: str


def normalise(typed: str, *, field: str) -> Address:
    """The address that somebody typed, blanks around it dropped, Unicode composed, the domain in lower case.

    Addresses in any script are welcome (RFC 6531), the domain is not looked up, and .test and .example are as good as
    any other. Raises InvalidInput naming `field`: too_long, email_invalid.
    """
    typed = typed.strip()
    if len(typed) > ADDRESS_CHARACTERS_MAX:
        raise InvalidInput.of(field, "too_long", most=ADDRESS_CHARACTERS_MAX)
    try:
        # `test_environment` lets .test through, which the demo and whoever tries us out write to. What is valid has no
        # more than 254 octets, the domain as punycode or not, so that both forms fit.
        valid = validate_email(typed, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError:
        raise InvalidInput.of(field, "email_invalid") from None
    return Address(text=valid.normalized, key=f"{_folded(valid.local_part)}@{valid.ascii_domain}")


def _folded(local_part: str) -> str:
    # Lower case, not casefold: that one would make ſam and sam, or weiß and weiss, one mailbox, and whoever reads the
    # first would be signed in as the second.
    return unicodedata.normalize("NFC", local_part.lower())
