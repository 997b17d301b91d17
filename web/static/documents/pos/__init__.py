"""The GraphQL documents of the till, one operation a file, named like the operation."""
