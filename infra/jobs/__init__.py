"""What the worker does for each topic of the outbox."""
