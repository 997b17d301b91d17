"""Mail: how a message is put together, and how it leaves over SMTP."""
