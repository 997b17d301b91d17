"""The demo's story against a running demo, over HTTP, as an app, a till, a friend and the owner would do it."""

import httpx

from infra.demo.calling import Caller, Say, Stage, WalkStopped
from infra.demo.counter import CounterWalk
from infra.demo.gifts import GiftsWalk
from infra.demo.main_job import Walk
from infra.demo.office import Office
from infra.demo.proof import ProofWalk
from infra.demo.rewards import RewardsWalk

__all__ = ["Walk", "WalkStopped", "walk_through"]


def walk_through(base_url: str, *, say: Say) -> None:
    """All of it has been done against the demo at `base_url`. Raises WalkStopped."""
    with httpx.Client(base_url=base_url, timeout=15.0) as http:
        try:
            _all(http, say)
        except httpx.ConnectError as trouble:
            raise WalkStopped(f"No demo answers at {base_url}. Start one with: make demo") from trouble


def _all(http: httpx.Client, say: Say) -> None:
    stage = Stage(http, say)
    stage.chapter("The main job: from signing in to a gift that a friend claims")
    main = Walk(http, say, stage)
    main.all()
    member = RewardsWalk(stage, main.till, Caller(http, "/graphql"))
    member.all(main.program_slug)
    office = Office(http.get("/demo.json").json()["office"])
    GiftsWalk(stage, main.till, member.app, office).all(main.program_slug, member.card_id)
    CounterWalk(stage, main.till, office).all()
    ProofWalk(stage, member.app, office, str(http.base_url), main.program_slug).all(member.card_id)
    stage.end("That was all of it: every point is accounted for, and the audit has proved it.")
