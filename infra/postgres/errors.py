"""What can keep the embedded PostgreSQL from running."""


class PostgresError(Exception):
    """One sentence for the person who started Regulars. Nothing was changed."""
