"""A shop to try everything in: seeded once, with its own mailbox and a clock that can be moved."""
