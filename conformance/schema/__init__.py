"""The description of an API as a judge: makes the calls, and holds answers against it."""
