"""The till that calls: how it got its credential and keeps it."""

from auth import terminals
from auth.access_tokens import Audience
from auth.errors import granted
from resolvers import callers
from resolvers.arguments import Input
from resolvers.context import Info
from resolvers.sessions import handed_over, refreshed, replace_kept
from schema.terminal import (
    ActivateTerminalInput,
    ActivateTerminalResult,
    RefreshTerminalSessionInput,
    RefreshTerminalSessionResult,
    Terminal,
    TerminalActivated,
)
from wallet import stores


async def terminal(info: Info) -> Terminal:
    async with info.context.pool.acquire() as conn:
        return Terminal.from_domain(await callers.terminal(conn, info.context), now=info.context.now)


async def activate_terminal(info: Info, said: Input[ActivateTerminalInput]) -> ActivateTerminalResult:
    context = info.context
    ring = await context.rings.current(context.now)
    async with context.pool.acquire() as conn:
        # A wrong code returns, so that it is committed that it was tried; it is raised once it is.
        async with conn.transaction():
            answer = await terminals.activate(
                conn,
                box=context.box,
                ring=ring,
                code=said.activation_code,
                device_name=said.device_name,
                client=context.client,
                now=context.now,
            )
        activated = granted(answer)
        # By itself: two devices that swap their terminals would wait for each other with both sessions in hand.
        await replace_kept(conn, context)
        found = await stores.load_terminal(
            conn,
            merchant_id=activated.merchant_id,
            terminal_id=activated.terminal_id,
            session_id=activated.tokens.session_id,
            now=context.now,
        )
    return TerminalActivated(
        terminal=Terminal.from_domain(found, now=context.now), tokens=handed_over(context, activated.tokens)
    )


async def refresh_terminal_session(
    info: Info, said: Input[RefreshTerminalSessionInput]
) -> RefreshTerminalSessionResult:
    return await refreshed(info, said.refresh_token, Audience.POS)
