"""Sandboxes that outlive their server: snapshots by name, in a Redis or Valkey."""
