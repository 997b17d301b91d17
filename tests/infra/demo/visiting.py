"""A visitor who does by hand what the demo's page suggests, in its order, as the page to ask by hand would."""

import asyncio
import json
import re
import uuid
from collections.abc import Sequence
from typing import Any

import httpx

from web.pages.demo_steps import FILL, Step

LOOK_SECONDS = 0.1
SECONDS_MAX = 20


async def visit_all(http: httpx.AsyncClient, suggested: Sequence[Step]) -> dict[str, Any]:
    """The result of each step that does something, by the step's name."""
    known: dict[str, Any] = {"activationCode": (await http.get("/demo.json")).json()["activationCode"]}
    results: dict[str, Any] = {}
    for step in suggested:
        if step.name == "signIn":
            known["code"] = code_in(await mail_to(http, step_of(suggested, "requestSignInCode")["email"]))
        if step.name == "sentGifts":
            await until_bounced(http, step, known)
        if step.name == "cancelGift":
            await mail_to(http, step_of(suggested, "resendGift")["correctedEmail"])
        data = await ask(http, step, known)
        for name, path in step.learns.items():
            known[name] = reached(data, path)
        [result] = data.values()
        if step.document.startswith("mutation"):
            results[step.name] = result
    return results


async def ask(http: httpx.AsyncClient, step: Step, known: dict[str, Any]) -> dict[str, Any]:
    """The data of the answer to the step, with all that is known by now in its variables."""
    filled = re.sub(FILL.format(r"(\w+)"), lambda gap: told(gap[1], known), step.variables_json or "null")
    filled = filled.replace('"000000"', json.dumps(known.get("code")))
    token = known.get("tillToken" if step.who == "till" else "customerToken")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {"query": step.document, "variables": json.loads(filled)}
    answer = (await http.post(step.endpoint, json=body, headers=headers)).json()
    assert "errors" not in answer, (step.name, answer)
    data: dict[str, Any] = answer["data"]
    return data


def told(name: str, known: dict[str, Any]) -> str:
    return str(uuid.uuid4()) if name == "uuid" else str(known[name])


def reached(data: Any, path: str) -> Any:
    for key in path.split("."):
        data = data[int(key) if key.isdigit() else key]
    return data


def step_of(suggested: Sequence[Step], name: str) -> Any:
    """The input of the step of this name."""
    (found,) = [step.variables["input"] for step in suggested if step.name == name]
    return found


async def mail_to(http: httpx.AsyncClient, address: str) -> str:
    """The text of the newest mail to the address, once there is one."""
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            for mail in (await http.get("/demo/mailbox.json")).json():
                if mail["to"] == address:
                    return str(mail["text"])
            await asyncio.sleep(LOOK_SECONDS)


def code_in(text: str) -> str:
    """The six digits of a sign-in code."""
    code = re.search(r"\b\d{6}\b", text)
    assert code is not None
    return code[0]


async def until_bounced(http: httpx.AsyncClient, step: Step, known: dict[str, Any]) -> None:
    """The newest of the gifts that the step shows has bounced."""
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            data = await ask(http, step, known)
            if data["viewer"]["sentGifts"]["edges"][0]["node"]["status"] == "BOUNCED":
                return
            await asyncio.sleep(LOOK_SECONDS)
