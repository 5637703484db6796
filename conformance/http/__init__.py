"""How a run talks to a target: sockets, sessions, exchanges, redaction."""
