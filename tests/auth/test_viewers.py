from datetime import datetime
from uuid import uuid4

import pytest

from auth.viewers import (
    Anonymous,
    Customer,
    SessionId,
    Terminal,
    Viewer,
    as_customer,
    as_terminal,
    ends_at,
    session_of,
)
from wallet.values import CustomerId, MerchantId, TerminalId


@pytest.fixture
def customer(now: datetime) -> Customer:
    return Customer(CustomerId(uuid4()), SessionId(uuid4()), now)


@pytest.fixture
def terminal(now: datetime) -> Terminal:
    return Terminal(MerchantId(uuid4()), TerminalId(uuid4()), SessionId(uuid4()), now)


def test_a_customer_is_narrowed_to_a_customer_only(customer: Customer) -> None:
    assert as_customer(customer) is customer
    assert as_terminal(customer) is None


def test_a_terminal_is_narrowed_to_a_terminal_only(terminal: Terminal) -> None:
    assert as_terminal(terminal) is terminal
    assert as_customer(terminal) is None


def test_nobody_is_neither() -> None:
    assert as_customer(Anonymous()) is None
    assert as_terminal(Anonymous()) is None
    assert session_of(Anonymous()) is None
    assert ends_at(Anonymous()) is None


def test_who_shows_a_token_has_a_session_and_an_end(customer: Customer, terminal: Terminal, now: datetime) -> None:
    viewers: list[Viewer] = [customer, terminal]
    assert [session_of(viewer) for viewer in viewers] == [customer.session_id, terminal.session_id]
    assert [ends_at(viewer) for viewer in viewers] == [now, now]
