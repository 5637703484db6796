"""The catalogue of requirements as package data: one YAML file an API, and the JSON Schema of such a file."""
