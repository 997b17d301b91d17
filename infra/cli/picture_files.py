"""Pictures as files of the operator's."""

from pathlib import Path

from wallet.errors import InvalidInput
from wallet.pictures import BYTES_MAX


def picture_in(file: Path) -> bytes:
    """What is in the file, as far as a picture can go: one byte more tells that it is too large. Raises InvalidInput
    naming `file` for a file that cannot be read.
    """
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(BYTES_MAX + 1)
    except OSError:
        raise InvalidInput.of("file", "picture_form") from None
