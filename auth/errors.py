"""What identity refuses.

wallet.errors.Refusal
├── TokenRejected           the access token is not one of ours, not for this API, or over
├── SessionEnded            sign in again
├── SignInCodeRejected      with attempts_left; 0 when the attempt is unknown, over, used or used up
├── ActivationCodeRejected  not a live activation code
└── BirthdayAlreadySet      another day stands there for good
wallet.errors.TooManyAttempts and NotFound are used as they are.

A refusal that is raised rolls the transaction back. Some refusals must leave something behind: the try that was
counted, the session that was ended. Those are returned, and raised once the transaction has committed:

    async with pool.acquire() as conn, conn.transaction():
        answer = await sign_in.sign_in(conn, ...)
    signed_in = granted(answer)
"""

from typing import TypeVar

from wallet.errors import Refusal

T = TypeVar("T")


class TokenRejected(Refusal):
    """One answer for every reason: why a token is bad is nobody's business but the log's."""


class SessionEnded(Refusal):
    """The session is over, or the refresh token is none of ours."""


class SignInCodeRejected(Refusal):
    """The code is wrong, or its attempt is over."""

    def __init__(self, attempts_left: int) -> None:
        super().__init__(f"{attempts_left} attempts left")
        self.attempts_left = attempts_left


class ActivationCodeRejected(Refusal):
    """Unknown, used, replaced, past its fifteen minutes, or of a revoked terminal: never told apart."""


class BirthdayAlreadySet(Refusal):
    """The customer said another day before."""


def granted(answer: T | Refusal) -> T:
    """The answer, if it is one. Raises it, if it is a refusal: call this after the commit, never before."""
    if isinstance(answer, Refusal):
        raise answer
    return answer
