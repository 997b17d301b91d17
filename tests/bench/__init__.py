"""How fast it is, beside the bare statements: `python -m tests.bench`."""
