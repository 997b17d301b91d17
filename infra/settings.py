"""What an operator can decide, read from the environment and checked before anything starts.

`DATABASE_URL` and `REGULARS_<FIELD>` in capitals; lists are separated by commas. What cannot be used is told in one
sentence a setting, all of them at once.
"""

import base64
import binascii
import difflib
import os
import re
import secrets
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from auth import standard_webhooks
from infra.postgres.cluster import default_data_dir, make_folders

PREFIX = "REGULARS_"
SECRET_BYTES = 32
HOW_TO_MAKE_A_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
NOT_OURS = re.compile(r"REGULARS_(TEST_|SERVICE_|PORT_\d).*")
"""The test suite's own, and what Kubernetes sets in every pod beside a service called regulars."""
MAILBOX = re.compile(r"[^@\s<>]+@[^@\s<>]+")
PLAIN_MAILBOX = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+")

Environment = Literal["production", "development", "demo"]


class SettingsError(Exception):
    """What is wrong with the settings, one sentence for each mistake."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _nothing_if_empty(value: object) -> object:
    """`REGULARS_SMTP_HOST=` in a compose file means: not set."""
    return None if value == "" else value


List = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
DatabaseUrl = Annotated[SecretStr | None, BeforeValidator(_nothing_if_empty)]
DataDir = Annotated[Path, BeforeValidator(lambda value: default_data_dir() if value == "" else value)]
Text = Annotated[str | None, BeforeValidator(_nothing_if_empty)]
Secret = Annotated[SecretStr | None, BeforeValidator(_nothing_if_empty)]


class Settings(BaseSettings):
    """Checked and immutable. `load` makes one."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", validate_default=True)

    environment: Environment = "production"

    database_url: DatabaseUrl = Field(
        None, validation_alias=AliasChoices("database_url", "DATABASE_URL", "REGULARS_DATABASE_URL")
    )
    """None: the embedded PostgreSQL in `data_dir`."""
    migration_database_url: DatabaseUrl = None
    """Logs in as the owner of the tables, for migrations alone. None: as `database_url`."""
    data_dir: DataDir = Field(default_factory=default_data_dir)
    pool_min: int = Field(2, ge=0, le=1000)
    pool_max: int = Field(20, ge=1, le=1000)

    public_base_url: str = "http://127.0.0.1:8000"
    """Where people reach us; what the links in mails begin with. No slash at the end."""
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    allowed_hosts: List = ()
    """The Host headers that are answered. Empty: every one, because nothing is ever made of that header."""
    cors_origins: List = ()
    """The web pages of other origins that may call the API."""
    forwarded_allow_ips: List = ()
    """The proxies (addresses or networks) whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    max_body_bytes: int = Field(65_536, ge=1024, le=16 * 1024 * 1024)
    operation_timeout_seconds: float = Field(10.0, gt=0, le=300)
    documents: Annotated[Literal["trusted", "any"] | None, BeforeValidator(_nothing_if_empty)] = None
    """`trusted`: only documents that are known from the start are executed. None: so in production, any elsewhere."""
    documents_folder: Annotated[Path | None, BeforeValidator(_nothing_if_empty)] = None
    """Has `customer/` and `pos/` with the documents of your own apps and tills; those of our pages are always known."""
    fast_path: bool = True
    """False: every operation goes the ways of graphql-core and strawberry alone, slower and with the same answers."""
    metrics_port: int | None = Field(None, ge=0, le=65535)
    """None: no metrics are served. 0 is read as None."""

    secret_key: Secret = None
    """32 random bytes as base64url or hexadecimal; `secret_key_bytes` has them."""

    smtp_host: Text = None
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_username: Text = None
    smtp_password: Secret = None
    smtp_starttls: bool = True
    smtp_use_tls: bool = False
    """TLS from the first byte (port 465), instead of STARTTLS."""
    mail_from: str = "Regulars <regulars@localhost>"
    mail_return_path: Text = None
    """Where bounces go, if not to `mail_from`."""
    bounce_address: Text = None
    """A mailbox whose mail `regulars mail ingest-bounce` reads. Each mail gets a return path of its own with it."""
    mail_webhook_secret: Secret = None
    """What mail providers sign their events with: `whsec_` and base64, several while one takes the other's place."""
    mail_per_minute: int = Field(300, ge=1, le=100_000)
    """So many mails at most go to one domain in a minute."""

    payments: Literal["none", "builtin", "stripe"] = "none"
    """Who takes the money for gifts of value. `builtin` moves none, and is for the demo and for development."""
    stripe_secret_key: Secret = None
    stripe_webhook_secret: Secret = None
    """Of the webhook endpoint at /payments/stripe/webhook; begins with whsec_."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    @field_validator("data_dir", "documents_folder")
    @classmethod
    def _is_absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @field_validator("metrics_port")
    @classmethod
    def _is_a_port(cls, value: int | None) -> int | None:
        return value or None

    @field_validator("database_url", "migration_database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in {"postgresql", "postgres"}:
            raise ValueError("should begin with postgresql://")
        if value is not None:
            try:
                _ = urlsplit(value.get_secret_value()).port
            except ValueError as error:
                raise ValueError("has a port that is no number") from error
        return value

    @field_validator("public_base_url")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        return _origin(value)

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_origin(origin) for origin in value)

    @field_validator("forwarded_allow_ips")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network)
            except ValueError as error:
                raise ValueError("should be IP addresses or networks, like 10.0.0.0/8") from error
        return value

    @field_validator("secret_key")
    @classmethod
    def _has_32_bytes(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and _decode(value.get_secret_value()) is None:
            raise ValueError(f"should be 32 bytes as base64url or hexadecimal; {HOW_TO_MAKE_A_KEY} makes one")
        return value

    @field_validator("mail_webhook_secret")
    @classmethod
    def _can_sign(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            standard_webhooks.secrets_of(value.get_secret_value())
        return value

    @field_validator("bounce_address")
    @classmethod
    def _takes_a_token(cls, value: str | None) -> str | None:
        if value is not None and not (PLAIN_MAILBOX.fullmatch(value) and len(value.partition("@")[0]) <= 47):
            raise ValueError(
                "should be a bare e-mail address, like bounces@example.com, with 47 characters before the @ at most"
            )
        return value

    @field_validator("mail_from", "mail_return_path")
    @classmethod
    def _is_mailbox(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not MAILBOX.fullmatch(parseaddr(value)[1]):
            raise ValueError("should be an e-mail address, like Regulars <regulars@example.com>")
        return value

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.pool_min > self.pool_max:
            raise ValueError(f"REGULARS_POOL_MIN ({self.pool_min}) is more than REGULARS_POOL_MAX ({self.pool_max}).")
        if self.smtp_use_tls and self.smtp_starttls and "smtp_starttls" in self.model_fields_set:
            raise ValueError("REGULARS_SMTP_USE_TLS and REGULARS_SMTP_STARTTLS are both on: choose one.")
        if (self.smtp_username is None) != (self.smtp_password is None):
            raise ValueError("REGULARS_SMTP_USERNAME and REGULARS_SMTP_PASSWORD go together: set both or neither.")
        if (self.stripe_secret_key is None) != (self.stripe_webhook_secret is None):
            raise ValueError(
                "REGULARS_STRIPE_SECRET_KEY and REGULARS_STRIPE_WEBHOOK_SECRET go together: set both or neither."
            )
        if self.payments == "stripe" and self.stripe_secret_key is None:
            raise ValueError("REGULARS_PAYMENTS is stripe, and REGULARS_STRIPE_SECRET_KEY is not set.")
        if self.payments == "builtin" and self.environment == "production":
            raise ValueError("REGULARS_PAYMENTS (builtin) gives money away: in production it is stripe or none.")
        return self

    @property
    def only_trusted_documents(self) -> bool:
        return self.environment == "production" if self.documents is None else self.documents == "trusted"

    @property
    def smtp_security(self) -> Literal["tls", "starttls", "none"]:
        if self.smtp_use_tls:
            return "tls"
        return "starttls" if self.smtp_starttls else "none"


def load(**chosen: object) -> Settings:
    """The settings of the environment, with what the command line chose above them. Raises SettingsError."""
    mistakes = [_did_you_mean(name) for name in sorted(os.environ) if name.startswith(PREFIX)]
    sentences = [sentence for sentence in mistakes if sentence]
    try:
        settings = Settings(**chosen)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        raise SettingsError(*sentences, *(_sentence(detail) for detail in error.errors())) from None
    if sentences:
        raise SettingsError(*sentences)
    return settings


def check_for_serving(settings: Settings) -> None:
    """Raises SettingsError, naming all that is missing, if customers could not be served with these settings."""
    if settings.environment != "production":
        return
    sentences = []
    if settings.secret_key is None:
        sentences.append(_missing_secret())
    if settings.smtp_host is None:
        sentences.append("REGULARS_SMTP_HOST is not set, and without a mail server nobody can sign in.")
    if "public_base_url" not in settings.model_fields_set:
        sentences.append("REGULARS_PUBLIC_BASE_URL is not set: it is what links in mails begin with.")
    if "mail_from" not in settings.model_fields_set:
        sentences.append("REGULARS_MAIL_FROM is not set: it is who our mails come from, like Shop <shop@example.com>.")
    if sentences:
        raise SettingsError(*sentences)


def secret_key_bytes(settings: Settings) -> bytes:
    """The 32 bytes that seal our keys. Outside production they are made at the first start and kept in `data_dir`.

    Raises SettingsError if there is none, or if the file holds something else.
    """
    if settings.secret_key is not None:
        return _decoded(settings.secret_key.get_secret_value(), "REGULARS_SECRET_KEY")
    if settings.environment == "production":
        raise SettingsError(_missing_secret())
    path = settings.data_dir / "secret-key"
    try:
        make_folders(settings.data_dir)
        if not path.exists():
            _write_new(path, secrets.token_urlsafe(SECRET_BYTES))
        return _decoded(path.read_text().strip(), str(path))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read or made: {error.strerror}.") from error


def _write_new(path: Path, text: str) -> None:
    """Whole or not at all, and the first of several writers wins."""
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
    try:
        os.link(new, path)
    except FileExistsError:
        pass
    finally:
        new.unlink()


def _decoded(text: str, where: str) -> bytes:
    key = _decode(text)
    if key is None:
        raise SettingsError(f"{where} does not hold 32 bytes as base64url or hexadecimal.")
    return key


def _decode(text: str) -> bytes | None:
    try:
        key = bytes.fromhex(text) if re.fullmatch(r"[0-9a-fA-F]{64}", text) else base64.urlsafe_b64decode(_padded(text))
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == SECRET_BYTES else None


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)


def _missing_secret() -> str:
    return f"REGULARS_SECRET_KEY is not set: make one with {HOW_TO_MAKE_A_KEY} and keep it as safe as the database."


def _origin(value: str) -> str:
    """`scheme://host[:port]`, RFC 6454 §4."""
    parts = urlsplit(value)
    try:
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("should be like https://shop.example, with no path behind it")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _did_you_mean(name: str) -> str | None:
    """A sentence for a variable that is nearly one of ours; what is far from all of them is somebody else's."""
    known = {f"{PREFIX}{field}".upper() for field in Settings.model_fields}
    if name.upper() in known or NOT_OURS.fullmatch(name):
        return None
    near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.85)
    return f"{name} is not a setting: did you mean {near[0]}?" if near else None


def _sentence(detail: ErrorDetails) -> str:
    """One mistake in words, without the value of a secret."""
    said = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if not detail["loc"]:
        return said
    field = str(detail["loc"][0])
    name = "DATABASE_URL" if field.upper() == "DATABASE_URL" else f"{PREFIX}{field}".upper()
    if detail["type"] == "extra_forbidden":
        return f"{field} is not a setting."
    kind = Settings.model_fields[field.lower()].annotation
    shown = "" if "SecretStr" in str(kind) else f" ({detail['input']!r})"
    return f"{name}{shown} {said}."
