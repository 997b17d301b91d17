"""A customer signs in, stays signed in, and signs out."""

from datetime import timedelta

import strawberry
from strawberry import UNSET

from auth import customers, emails, sessions, sign_in
from auth.access_tokens import Audience
from auth.errors import SessionEnded, SignInCodeRejected, granted
from auth.sign_in import AttemptId
from auth.viewers import SessionId
from resolvers import callers
from resolvers.arguments import Input
from resolvers.context import Info, RequestContext
from schema.customer import Customer
from schema.failures import BadUserInput
from schema.field import given
from schema.ids import AttemptKey, SessionKey, decode, encode, expect
from schema.session import (
    RefreshSessionInput,
    RefreshSessionResult,
    SessionRefreshed,
    SessionTokens,
    SignedOut,
    SignOutResult,
)
from schema.sign_in import (
    RequestSignInCodeInput,
    RequestSignInCodeResult,
    SignedIn,
    SignInCodeRequested,
    SignInInput,
    SignInResult,
)
from wallet.database import Conn


async def request_sign_in_code(info: Info, said: Input[RequestSignInCodeInput]) -> RequestSignInCodeResult:
    context = info.context
    context.own_locale = given(said.locale)
    address = emails.normalise(said.email, field="email")
    async with context.pool.acquire() as conn, conn.transaction():
        requested = await sign_in.request_code(
            conn,
            box=context.box,
            email=address,
            locale=given(said.locale) or context.say.tag,
            client=context.client or None,
            now=context.now,
        )
    return SignInCodeRequested(attempt_id=encode(AttemptKey(requested.attempt_id)), expires_at=requested.expires_at)


async def sign_in_with_code(info: Info, said: Input[SignInInput]) -> SignInResult:
    context = info.context
    attempt = decode(said.attempt_id)
    if not isinstance(attempt, AttemptKey):
        raise SignInCodeRejected(attempts_left=0)
    ring = await context.rings.current(context.now)
    async with context.pool.acquire() as conn:
        # A wrong code returns, so that the try is committed; it is raised once it is.
        async with conn.transaction():
            answer = await sign_in.sign_in(
                conn,
                box=context.box,
                ring=ring,
                attempt_id=AttemptId(attempt.attempt_id),
                code=said.code,
                device_name=said.device_name,
                now=context.now,
            )
            if not isinstance(answer, SignInCodeRejected):
                await replace_kept(conn, context)
        signed_in = granted(answer)
        customer = await customers.find(conn, customer_id=signed_in.customer_id, session_id=signed_in.tokens.session_id)
    assert customer is not None, "the session was opened a moment ago"
    return SignedIn(customer=Customer.from_domain(customer), tokens=handed_over(context, signed_in.tokens))


async def refresh_session(info: Info, said: Input[RefreshSessionInput]) -> RefreshSessionResult:
    return await refreshed(info, said.refresh_token, Audience.CUSTOMER)


async def refreshed(info: Info, refresh_token: str, audience: Audience) -> SessionRefreshed:
    """The next pair of tokens. That an old token ended its session is committed before it is said.

    A page says no token: what its cookie holds is refreshed. Once in a request, since an answer that brings the next
    but one could not be asked for again if it got lost. Raises BadUserInput if the page says one all the same.
    """
    context, kept = info.context, info.context.kept
    if kept is None:
        answer = await _refresh(context, refresh_token, audience, lost_within=sessions.LOST_ANSWER)
        return SessionRefreshed(tokens=SessionTokens.from_domain(granted(answer)))
    if refresh_token:
        raise BadUserInput("`refreshToken` is empty where the session is kept in a cookie.")
    if kept.held is None:
        raise SessionEnded
    if kept.given is None:
        answer = await _refresh(context, kept.held.refresh, audience, lost_within=None)
        if isinstance(answer, SessionEnded):
            kept.forget()
        kept.keep(granted(answer))
    assert kept.given is not None, "it was kept a moment ago"
    return SessionRefreshed(tokens=SessionTokens.in_cookie(kept.given))


async def _refresh(
    context: RequestContext, refresh_token: str, audience: Audience, *, lost_within: timedelta | None
) -> sessions.SessionTokens | SessionEnded:
    ring = await context.rings.current(context.now)
    async with context.pool.acquire() as conn, conn.transaction():
        return await sessions.refresh(
            conn,
            box=context.box,
            ring=ring,
            refresh_token=refresh_token,
            audience=audience,
            lost_within=lost_within,
            now=context.now,
        )


def handed_over(context: RequestContext, tokens: sessions.SessionTokens) -> SessionTokens:
    """The tokens on their way to the device: in the answer, or in the cookie of a page. Call it after the commit."""
    if context.kept is None:
        return SessionTokens.from_domain(tokens)
    context.kept.keep(tokens)
    return SessionTokens.in_cookie(tokens)


async def replace_kept(conn: Conn, context: RequestContext) -> None:
    """The session that the page kept until now is over, so that no device is listed twice. Apps keep theirs."""
    if context.kept is not None and context.kept.held is not None:
        await sessions.replace(conn, session_id=context.kept.held.session_id, now=context.now)


async def sign_out(info: Info, session_id: strawberry.ID | None = UNSET) -> SignOutResult:
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        customer = await callers.signed_in(conn, context)
        other = given(session_id)
        ending = customer.session_id if other is None else SessionId(expect(SessionKey, other).session_id)
        await sessions.end(conn, customer_id=customer.customer_id, session_id=ending, now=context.now)
    if context.kept is not None and context.kept.held is not None and context.kept.held.session_id == ending:
        context.kept.forget()
    return SignedOut(session_id=encode(SessionKey(ending)))
