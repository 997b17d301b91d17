"""The providers of the settings, opened and closed with the process."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from auth.secrets import SecretBox
from infra.clock import Clock
from infra.payments import builtin
from infra.payments.builtin import BuiltinProvider
from infra.settings import Settings
from resolvers.providers import Provider
from wallet.database import Pool


@asynccontextmanager
async def opened_providers(
    settings: Settings, pool: Pool, box: SecretBox, clock: Clock
) -> AsyncIterator[Mapping[str, Provider]]:
    """Every provider that is set up, by its name. New payments go to that of the settings, old ones stay with theirs.

    Stripe's library takes a third of a second to load: only whoever has a key for it waits for that.
    """
    found: dict[str, Provider] = {}
    async with AsyncExitStack() as stack:
        if settings.payments == builtin.NAME:
            found[builtin.NAME] = BuiltinProvider(pool, clock, box, settings.public_base_url)
        key, webhook_secret = settings.stripe_secret_key, settings.stripe_webhook_secret
        if key is not None and webhook_secret is not None:
            from infra.payments.stripe_provider import StripeProvider

            stripe = StripeProvider(key.get_secret_value(), webhook_secret.get_secret_value())
            stack.push_async_callback(stripe.close)
            found[stripe.name] = stripe
        yield found
