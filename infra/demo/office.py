"""The owner's side of the walk-through: commands of `regulars`, run as a person would, in the demo's own data."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from infra.demo.calling import Stage, WalkStopped

SECONDS_MAX = 120
SHOWN_MAX = 60


class Office:
    """Where the commands run. `facts` are what the demo tells of itself: its merchant, and the folder of its database,
    if it has one of its own; else the commands go where the demo went, to DATABASE_URL.
    """

    def __init__(self, facts: Mapping[str, str]) -> None:
        self.merchant_id = facts["merchantId"]
        self._environment = {**os.environ, "REGULARS_ENVIRONMENT": "demo"}
        if "dataDir" in facts:
            self._environment.pop("DATABASE_URL", None)
            self._environment["REGULARS_DATA_DIR"] = facts["dataDir"]

    def run(self, *arguments: str) -> list[str]:
        """The lines that the command printed. Raises WalkStopped where it failed."""
        done = subprocess.run(  # noqa: S603  # our own command, with what the demo said of itself
            [sys.executable, "-c", "from infra.cli import main; main()", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        if done.returncode:
            raise WalkStopped(f"regulars {arguments[0]} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout.splitlines()

    def asked(self, *arguments: str) -> dict[str, Any]:
        """The command's facts."""
        answer: dict[str, Any] = json.loads("\n".join(self.run(*arguments, "--json")))
        return answer

    def show(self, stage: Stage, sentence: str, *arguments: str) -> None:
        """The command, and what it printed, as part of the story."""
        lines = self.run(*arguments)
        stage.step(f"{sentence} regulars {' '.join(arguments)}")
        for line in lines[:SHOWN_MAX]:
            stage.add(line)
