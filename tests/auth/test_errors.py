import pytest

from auth.errors import SessionEnded, SignInCodeRejected, granted
from wallet.errors import Refusal


def test_an_answer_is_given_as_it_is() -> None:
    answer: str | SessionEnded = "tokens"
    assert granted(answer) == "tokens"


def test_a_returned_refusal_is_raised() -> None:
    refusal = SignInCodeRejected(attempts_left=3)
    with pytest.raises(SignInCodeRejected) as raised:
        granted(refusal)
    assert raised.value is refusal
    assert raised.value.attempts_left == 3
    assert isinstance(raised.value, Refusal)
