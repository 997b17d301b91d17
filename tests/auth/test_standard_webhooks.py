"""Messages signed by the Standard Webhooks scheme: what one side signs the other believes, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from auth import standard_webhooks
from auth.standard_webhooks import SignatureInvalid

SECRET = b"s" * 32
BODY = b'{"state":"PAID"}'
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def test_signature_is_the_one_of_the_scheme_s_own_example() -> None:
    """The vector that the libraries of the scheme's authors test with."""
    secret = standard_webhooks.secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = standard_webhooks.signed(
        secret,
        b'{"test": 2432232314}',
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        now=datetime.fromtimestamp(1614265330, UTC),
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=5), -timedelta(minutes=5)])
def test_what_was_signed_is_believed_for_five_minutes(late: timedelta) -> None:
    headers = standard_webhooks.signed(SECRET, BODY, message_id="evt_1", now=NOW)

    assert standard_webhooks.verified([SECRET], headers, BODY, now=NOW + late) == "evt_1"


def test_one_of_several_signatures_and_secrets_is_enough() -> None:
    headers = standard_webhooks.signed(SECRET, BODY, message_id="evt_1", now=NOW)
    headers["webhook-signature"] = f"v1a,other v1,{'A' * 43}= {headers['webhook-signature']}"

    assert standard_webhooks.verified([b"o" * 32, SECRET], headers, BODY, now=NOW) == "evt_1"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("webhook-id", "evt_2"),
        ("webhook-id", ""),
        ("webhook-id", "x" * 256),
        ("webhook-timestamp", "1795339801"),
        ("webhook-timestamp", ""),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "9" * 400),
        ("webhook-timestamp", "9" * 12),
        ("webhook-timestamp", "٣"),
        ("webhook-signature", ""),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1," + "A" * 43 + "="),
        ("webhook-signature", "v1,é"),
    ],
)
def test_anything_else_is_not_believed(name: str, said: str) -> None:
    headers = standard_webhooks.signed(SECRET, BODY, message_id="evt_1", now=NOW)

    with pytest.raises(SignatureInvalid):
        standard_webhooks.verified([SECRET], {**headers, name: said}, BODY, now=NOW)
    with pytest.raises(SignatureInvalid):
        standard_webhooks.verified([SECRET], headers, BODY + b" ", now=NOW)
    with pytest.raises(SignatureInvalid):
        standard_webhooks.verified([b"o" * 32], headers, BODY, now=NOW)
    with pytest.raises(SignatureInvalid):
        standard_webhooks.verified([SECRET], headers, BODY, now=NOW + timedelta(minutes=6))


@pytest.mark.parametrize("written", ["", "short", "whsec_AAAA", "not base64 !", "A" * 200])
def test_secret_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        standard_webhooks.secret_of(written)
