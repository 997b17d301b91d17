"""The PINs of the people at the tills: four to eight digits, kept as a keyed hash."""

import re

from auth.secrets import SecretBox
from wallet.errors import InvalidInput
from wallet.values import MerchantId

PIN = re.compile(r"[0-9]{4,8}")
DIGITS_LEAST, DIGITS_MOST = 4, 8


def check(pin: str) -> None:
    """Nothing, for four to eight digits. Raises InvalidInput for anything else."""
    if PIN.fullmatch(pin) is None:
        raise InvalidInput.of("pin", "pin_form", least=DIGITS_LEAST, most=DIGITS_MOST)


def hash_of(box: SecretBox, *, merchant_id: MerchantId, pin: str) -> bytes:
    """The keyed hash (32 bytes) of what was typed, blanks around it dropped.

    Whatever was typed is hashed and looked for in the same way: what is no PIN is found with nobody. The same PIN has
    another hash with another merchant.
    """
    return box.keyed_hash("operator_pin", merchant_id.bytes, pin.strip().encode())
