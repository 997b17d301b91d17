"""The same work without GraphQL: a bare Starlette route for each operation, in a process of the same shape.

The routes call the functions that the resolvers call, in the same transactions, and write plain JSON. They ask nobody
who they are: `python -m tests.bench.bare TERMINAL SESSION` serves one till.
"""

import asyncio
import sys
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth import check_in_tokens, customers
from auth.viewers import SessionId
from infra import settings as environment
from infra.clock import system_clock
from infra.edge.logs import configure_logging
from infra.runtime import Runtime, running
from infra.serving import Server, config_of, ended_by_signals, listening, run
from tests.bench.operations import HISTORY_LINES, HOME_LINES
from wallet import cards, history, sales, stores, visits
from wallet.baskets import Basket, Line
from wallet.history import Entry
from wallet.values import CardId, CustomerId, MerchantId, Minor, TerminalId, VisitId


class Bare:
    def __init__(self, runtime: Runtime, merchant_id: MerchantId, terminal_id: TerminalId, session_id: UUID) -> None:
        self._runtime = runtime
        self._merchant_id = merchant_id
        self._terminal_id = terminal_id
        self._session_id = session_id
