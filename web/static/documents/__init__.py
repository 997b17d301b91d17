"""The GraphQL documents of the pages, one operation a file, named like the operation."""
