"""The edge: GraphQL over HTTP and WebSocket, with nothing left open that a client could use (docs/decisions/0003)."""
