"""The mock's side."""
