"""The GraphQL documents that the demo suggests, one operation a file."""
