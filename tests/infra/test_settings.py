import base64
import os
import stat
from pathlib import Path

import pytest

from infra import settings
from infra.settings import Settings, SettingsError

KEY = bytes(range(32))
AS_BASE64URL = base64.urlsafe_b64encode(KEY).decode()


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of somebody who has set nothing of ours."""
    for name in list(os.environ):
        if name.startswith("REGULARS_") or name == "DATABASE_URL":
            monkeypatch.delenv(name)


def told(**chosen: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        settings.load(**chosen)
    return refused.value.sentences


def test_nothing_has_to_be_set() -> None:
    found = settings.load()

    assert found.environment == "production"
    assert (found.host, found.port, found.public_base_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert found.database_url is None
    assert found.data_dir.is_absolute()
    assert (found.max_body_bytes, found.metrics_port) == (65_536, None)


def test_what_providers_sign_with_is_checked_and_its_value_is_not_shown() -> None:
    good = f"whsec_{base64.b64encode(KEY).decode()}"

    assert settings.load(mail_webhook_secret=f"{good}, {good}").mail_webhook_secret is not None
    for wrong in ("whsec_", "whsec_c2hvcnQ=", "secret!", f"{good},short"):
        assert told(mail_webhook_secret=wrong) == (
            "REGULARS_MAIL_WEBHOOK_SECRET should be whsec_ and the base64 of 24 to 64 bytes.",
        )


def test_bounce_address_has_room_for_a_token() -> None:
    assert settings.load(bounce_address="bounces@shop.example").bounce_address == "bounces@shop.example"
    assert settings.load(bounce_address="").bounce_address is None
    for wrong in ("Bounces <bounces@shop.example>", "bounces+a@shop.example", f"{'b' * 48}@shop.example", "bounces"):
        [sentence] = told(bounce_address=wrong)
        assert "should be a bare e-mail address" in sentence


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DATABASE_URL": "postgresql://app:s3cret@db/regulars",
        "REGULARS_MIGRATION_DATABASE_URL": "postgres://owner:s3cret@db/regulars",
        "REGULARS_PORT": "9000",
        "REGULARS_PUBLIC_BASE_URL": "https://Shop.Example/",
        "REGULARS_CORS_ORIGINS": "https://a.example, https://b.example:8443",
        "REGULARS_FORWARDED_ALLOW_IPS": "10.0.0.0/8,::1",
        "REGULARS_ALLOWED_HOSTS": "shop.example",
        "REGULARS_METRICS_PORT": "9100",
        "REGULARS_FAST_PATH": "false",
        "REGULARS_SECRET_KEY": AS_BASE64URL,
    }.items():
        monkeypatch.setenv(name, value)

    found = settings.load()

    assert found.database_url is not None
    assert found.database_url.get_secret_value() == "postgresql://app:s3cret@db/regulars"
    assert found.migration_database_url is not None
    assert found.port == 9000
    assert found.public_base_url == "https://shop.example"
    assert found.cors_origins == ("https://a.example", "https://b.example:8443")
    assert found.forwarded_allow_ips == ("10.0.0.0/8", "::1")
    assert found.allowed_hosts == ("shop.example",)
    assert found.metrics_port == 9100
    assert found.fast_path is False
    assert settings.secret_key_bytes(found) == KEY


def test_the_command_line_is_above_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_PORT", "9000")

    assert settings.load(port=8001).port == 8001


@pytest.mark.parametrize(
    "name",
    [
        "DATABASE_URL",
        "REGULARS_SMTP_HOST",
        "REGULARS_SECRET_KEY",
        "REGULARS_MAIL_RETURN_PATH",
        "REGULARS_DOCUMENTS",
        "REGULARS_DOCUMENTS_FOLDER",
    ],
)
def test_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "")

    assert getattr(settings.load(), name.removeprefix("REGULARS_").lower()) is None


@pytest.mark.parametrize(
    ("environment", "documents", "trusted_only"),
    [
        ("production", None, True),
        ("production", "", True),
        ("production", "any", False),
        ("development", None, False),
        ("development", "trusted", True),
        ("demo", None, False),
    ],
)
def test_production_trusts_known_documents_alone_unless_told_otherwise(
    environment: str, documents: str | None, trusted_only: bool
) -> None:
    assert settings.load(environment=environment, documents=documents).only_trusted_documents is trusted_only


def test_folder_of_documents_is_found_from_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REGULARS_DOCUMENTS_FOLDER", "ours")

    assert settings.load().documents_folder == tmp_path / "ours"


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:s3cret@db/regulars")
    monkeypatch.setenv("REGULARS_SECRET_KEY", AS_BASE64URL)
    monkeypatch.setenv("REGULARS_SMTP_USERNAME", "u")
    monkeypatch.setenv("REGULARS_SMTP_PASSWORD", "s3cret")

    shown = repr(settings.load())

    assert "s3cret" not in shown
    assert AS_BASE64URL not in shown


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("REGULARS_PORT", "tcp://10.0.0.1:8000", "REGULARS_PORT ('tcp://10.0.0.1:8000') should be a valid integer"),
        ("REGULARS_PORT", "70000", "REGULARS_PORT ('70000') should be less than or equal to 65535."),
        (
            "REGULARS_ENVIRONMENT",
            "prod",
            "REGULARS_ENVIRONMENT ('prod') should be 'production', 'development' or 'demo'.",
        ),
        ("REGULARS_DOCUMENTS", "all", "REGULARS_DOCUMENTS ('all') should be 'trusted' or 'any'."),
        ("REGULARS_PUBLIC_BASE_URL", "shop.example", "('shop.example') should be like https://shop.example"),
        ("REGULARS_PUBLIC_BASE_URL", "ftp://shop.example", "should be like https://shop.example"),
        ("REGULARS_PUBLIC_BASE_URL", "https://shop.example/api", "should be like https://shop.example"),
        ("REGULARS_PUBLIC_BASE_URL", "https://shop.example?a=1", "should be like https://shop.example"),
        ("REGULARS_PUBLIC_BASE_URL", "https://me@shop.example", "should be like https://shop.example"),
        ("REGULARS_PUBLIC_BASE_URL", "https://shop.example:port", "should be like https://shop.example"),
        ("REGULARS_CORS_ORIGINS", "https://a.example,*", "should be like https://shop.example"),
        ("REGULARS_FORWARDED_ALLOW_IPS", "10.0.0.1,proxy", "should be IP addresses or networks, like 10.0.0.0/8."),
        ("REGULARS_MAIL_FROM", "Shop", "should be an e-mail address, like Regulars <regulars@example.com>."),
        ("REGULARS_POOL_MAX", "1", "REGULARS_POOL_MIN (2) is more than REGULARS_POOL_MAX (1)."),
        ("REGULARS_SMTP_USERNAME", "u", "REGULARS_SMTP_USERNAME and REGULARS_SMTP_PASSWORD go together: set both or"),
        ("REGULARS_SMPT_HOST", "mail", "REGULARS_SMPT_HOST is not a setting: did you mean REGULARS_SMTP_HOST?"),
    ],
)
def test_a_mistake_is_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str) -> None:
    monkeypatch.setenv(name, value)

    (said,) = told()

    assert sentence in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://app:s3cret@db/regulars"),
        ("REGULARS_SECRET_KEY", "s3cret"),
        ("REGULARS_SECRET_KEY", "00" * 31),
    ],
)
def test_a_mistake_in_a_secret_is_told_without_it(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    (said,) = told()

    assert said.startswith(f"{name} should be")
    assert value not in said


def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_PORT", "x")
    monkeypatch.setenv("REGULARS_HOTS", "0.0.0.0")
    monkeypatch.setenv("REGULARS_MAIL_FROM", "x")

    assert len(told(log_level="loud")) == 4


@pytest.mark.parametrize("name", ["REGULARS_SERVICE_HOST", "REGULARS_PORT_8000_TCP", "REGULARS_TEST_DATABASE_URL"])
def test_variables_that_others_set_are_no_mistake(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")

    assert settings.load() == Settings()


def test_tls_from_the_first_byte_excludes_starttls(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.load().smtp_security == "starttls"
    assert settings.load(smtp_use_tls=True).smtp_security == "tls"
    assert settings.load(smtp_starttls=False).smtp_security == "none"
    assert told(smtp_use_tls=True, smtp_starttls=True) == (
        "REGULARS_SMTP_USE_TLS and REGULARS_SMTP_STARTTLS are both on: choose one.",
    )


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"payments": "stripe"}, "REGULARS_PAYMENTS is stripe, and REGULARS_STRIPE_SECRET_KEY is not set."),
        (
            {"stripe_secret_key": "sk_test_x"},
            "REGULARS_STRIPE_SECRET_KEY and REGULARS_STRIPE_WEBHOOK_SECRET go together: set both or neither.",
        ),
        ({"payments": "builtin"}, "REGULARS_PAYMENTS (builtin) gives money away: in production it is stripe or none."),
    ],
)
def test_payments_need_who_takes_the_money(chosen: dict[str, object], sentence: str) -> None:
    assert told(**chosen) == (sentence,)


def test_payments_are_chosen() -> None:
    assert settings.load().payments == "none"
    assert settings.load(payments="stripe", stripe_secret_key="sk", stripe_webhook_secret="whsec").payments == "stripe"
    assert settings.load(payments="builtin", environment="development").payments == "builtin"


def test_serving_in_production_needs_a_key_and_a_way_to_mail() -> None:
    with pytest.raises(SettingsError) as refused:
        settings.check_for_serving(settings.load())

    assert [sentence.split()[0] for sentence in refused.value.sentences] == [
        "REGULARS_SECRET_KEY",
        "REGULARS_SMTP_HOST",
        "REGULARS_PUBLIC_BASE_URL",
        "REGULARS_MAIL_FROM",
    ]
    assert "python3 -c" in refused.value.sentences[0]


def test_serving_in_production_needs_no_more_than_that() -> None:
    settings.check_for_serving(
        settings.load(
            secret_key=AS_BASE64URL,
            smtp_host="mail",
            mail_from="Shop <shop@example.com>",
            public_base_url="https://shop.example.com",
        )
    )
    settings.check_for_serving(settings.load(environment="demo"))


def test_an_empty_data_dir_is_the_default_and_not_this_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = settings.load().data_dir
    monkeypatch.setenv("REGULARS_DATA_DIR", "")
    assert settings.load().data_dir == usual


def test_a_database_url_with_a_spoiled_port_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://host:notaport/x")
    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert len(refused.value.sentences) == 1


@pytest.mark.parametrize("text", [KEY.hex(), KEY.hex().upper(), AS_BASE64URL, AS_BASE64URL.rstrip("=")])
def test_a_key_is_32_bytes_in_either_spelling(text: str) -> None:
    assert settings.secret_key_bytes(settings.load(secret_key=text)) == KEY


def test_the_demo_makes_its_key_once(tmp_path: Path) -> None:
    demo = settings.load(environment="demo", data_dir=tmp_path / "data")

    first, second = settings.secret_key_bytes(demo), settings.secret_key_bytes(demo)

    assert first == second
    assert len(first) == 32
    assert stat.S_IMODE((tmp_path / "data" / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret-key"]


def test_production_makes_no_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="REGULARS_SECRET_KEY is not set: make one with python3"):
        settings.secret_key_bytes(settings.load(data_dir=tmp_path))

    assert list(tmp_path.iterdir()) == []


def test_a_spoiled_key_file_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("spoiled")

    with pytest.raises(SettingsError, match="secret-key does not hold 32 bytes"):
        settings.secret_key_bytes(settings.load(environment="demo", data_dir=tmp_path))

    assert (tmp_path / "secret-key").read_text() == "spoiled"
