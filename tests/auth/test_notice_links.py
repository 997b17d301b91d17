from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from auth import notice_links
from auth.secrets import SecretBox
from wallet.values import CustomerId

BOX = SecretBox(bytes(range(32)))
ASHA = CustomerId(UUID("01936f5e-8f00-7000-8000-000000000001"))


def test_token_names_its_customer_for_ever() -> None:
    token = notice_links.token_of(BOX, ASHA)
    assert len(token) == 43
    assert notice_links.token_of(BOX, ASHA) == token
    assert notice_links.customer_of(BOX, token) == ASHA


@given(
    at=st.integers(0, 42), letter=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
)
def test_changed_token_names_nobody(at: int, letter: str) -> None:
    token = notice_links.token_of(BOX, ASHA)
    changed = token[:at] + letter + token[at + 1 :]
    assert notice_links.customer_of(BOX, changed) == (ASHA if changed == token else None)


@given(text=st.text(max_size=60))
def test_any_other_text_names_nobody(text: str) -> None:
    assert notice_links.customer_of(BOX, text) is None


def test_another_key_makes_other_tokens() -> None:
    token = notice_links.token_of(SecretBox(b"x" * 32), ASHA)
    assert notice_links.customer_of(BOX, token) is None
    assert notice_links.token_of(BOX, CustomerId(uuid4())) != notice_links.token_of(BOX, ASHA)
