"""Who calls, narrowed once at the top of each resolver. Whoever may not is told so by a top-level error."""

from auth import customers
from auth.customers import Customer
from auth.viewers import as_customer, as_terminal
from resolvers.context import RequestContext
from schema.failures import Unauthenticated
from wallet import stores
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.values import CustomerId, Terminal


def customer_id(context: RequestContext) -> CustomerId:
    """The customer whose access token this is. Whether the session is still live is for a statement to say.

    Raises Unauthenticated.
    """
    viewer = as_customer(context.viewer)
    if viewer is None:
        raise Unauthenticated
    return viewer.customer_id


async def find_customer(conn: Conn, context: RequestContext) -> Customer | None:
    """The customer who is signed in, the session being live; None for anybody else. One statement."""
    viewer = as_customer(context.viewer)
    if viewer is None:
        return None
    customer = await customers.find(conn, customer_id=viewer.customer_id, session_id=viewer.session_id)
    if customer is not None:
        context.own_locale = customer.locale
    return customer


async def signed_in(conn: Conn, context: RequestContext) -> Customer:
    """As `find_customer`; who changes something asks this first, in the same transaction. Raises Unauthenticated."""
    customer = await find_customer(conn, context)
    if customer is None:
        raise Unauthenticated
    return customer


async def terminal(conn: Conn, context: RequestContext) -> Terminal:
    """The till, neither it nor its session having been revoked. One statement. Raises Unauthenticated."""
    viewer = as_terminal(context.viewer)
    if viewer is None:
        raise Unauthenticated
    try:
        context.terminal = await stores.load_terminal(
            conn,
            merchant_id=viewer.merchant_id,
            terminal_id=viewer.terminal_id,
            session_id=viewer.session_id,
            now=context.now,
        )
    except NotFound:
        raise Unauthenticated from None
    return context.terminal
