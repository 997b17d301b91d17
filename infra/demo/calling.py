"""What every part of the walk-through stands on: apps and tills that call over HTTP, the mailbox, and the telling."""

import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import httpx

MAIL_SECONDS_MAX = 20.0
LOOK_SECONDS = 0.2

Say = Callable[[str], object]


class WalkStopped(Exception):
    """A step did not end as it should. Says which one, and what came instead."""


class Caller:
    """One app or till: an endpoint, and the token it holds."""

    def __init__(self, http: httpx.Client, path: str) -> None:
        self._http = http
        self._path = path
        self.token: str | None = None

    def ask(self, document: str, variables: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The data of the answer. Raises WalkStopped for top-level errors."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = self._http.post(self._path, json={"query": document, "variables": variables or {}}, headers=headers)
        body = answer.json()
        if body.get("errors"):
            raise WalkStopped(f"{self._path} answered {answer.status_code}: {body['errors'][0]['message']}")
        data: dict[str, Any] = body["data"]
        return data

    def do(self, document: str, given: Mapping[str, object], wanted: str) -> dict[str, Any]:
        """The result of the document's one mutation, which must be of the type `wanted`."""
        [result] = self.ask(document, {"input": given}).values()
        if result["__typename"] != wanted:
            raise WalkStopped(f"{wanted} was expected, {result['__typename']} came: {result.get('message')}")
        found: dict[str, Any] = result
        return found


class Stage:
    """Where the walk takes place: the running demo, and who listens."""

    def __init__(self, http: httpx.Client, say: Say) -> None:
        self.http = http
        self._say = say
        self._count = 0

    def chapter(self, title: str) -> None:
        self._say(f"\n{title}")

    def step(self, sentence: str) -> None:
        self._count += 1
        self._say(f"{self._count:>2}. {sentence}")

    def add(self, sentence: str) -> None:
        """More of the step."""
        self._say(f"      {sentence}")

    def end(self, sentence: str) -> None:
        self._say(f"\n{sentence}")

    def next_mail(self, address: str, *, after: int) -> dict[str, Any]:
        """The newest mail to the address, as soon as there are more than `after` of them."""
        deadline = time.monotonic() + MAIL_SECONDS_MAX
        while time.monotonic() < deadline:
            mails = self.mails_to(address)
            if len(mails) > after:
                return mails[0]
            time.sleep(LOOK_SECONDS)
        raise WalkStopped(f"no mail came to {address} within {MAIL_SECONDS_MAX:.0f} seconds")

    def mails_to(self, address: str) -> list[dict[str, Any]]:
        mails: list[dict[str, Any]] = self.http.get("/demo/mailbox.json").json()
        return [mail for mail in mails if mail["to"] == address]


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise WalkStopped(f"the mail does not hold what was looked for: {pattern}")
    return match[1]


def grouped(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def rupees(amount_minor: int) -> str:
    whole, paise = divmod(amount_minor, 100)
    return f"₹{whole}.{paise:02}" if paise else f"₹{whole}"


def new_key() -> str:
    return str(uuid.uuid4())
