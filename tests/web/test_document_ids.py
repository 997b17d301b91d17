"""What the pages' documents are called by."""

import hashlib
from importlib.resources import files
from pathlib import Path

import pytest

from web.documents import Document, id_of, known

TEXT = "query Echo { echo } # ✓ नियमित\r\n"


def test_id_is_the_hash_of_the_text_to_the_byte() -> None:
    # As `printf '{ __typename }' | sha256sum` says it.
    assert id_of("{ __typename }") == "sha256:7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b"
    assert id_of(TEXT) == f"sha256:{hashlib.sha256(TEXT.encode('utf-8')).hexdigest()}"
    assert len({id_of(text) for text in (TEXT, TEXT + " ", TEXT.replace("\r\n", "\n"), "\ufeff" + TEXT)}) == 4


def test_folder_is_read_as_it_is_and_no_further(tmp_path: Path) -> None:
    (tmp_path / "b.graphql").write_bytes(TEXT.encode())
    (tmp_path / "a.graphql").write_bytes(b"{ a }")
    (tmp_path / "a.txt").write_bytes(b"{ b }")
    (tmp_path / "pos").mkdir()
    (tmp_path / "pos" / "c.graphql").write_bytes(b"{ c }")

    assert list(known(tmp_path).items()) == [
        (id_of("{ a }"), Document("a", "{ a }")),
        (id_of(TEXT), Document("b", TEXT)),
    ]


def test_folder_that_is_not_there_knows_nothing(tmp_path: Path) -> None:
    assert dict(known(tmp_path / "nothing")) == {}


def test_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_bytes(b"{ a } # \xe9")

    with pytest.raises(UnicodeDecodeError):
        known(tmp_path)


def test_every_file_of_the_pages_is_known_by_its_own_bytes() -> None:
    folder = Path(str(files("web.static"))) / "documents"
    hashes = {f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" for file in folder.glob("*.graphql")}

    assert hashes
    assert set(known(folder)) == hashes
