"""The mock server: both Database APIs over a stateful in-memory implementation (see `server`)."""
