"""The payment providers, and what keeps what we know of payments in step with what they know."""
