"""The HTTP conventions of both APIs: routing, security, negotiation, validation, errors, pagination.

Connexion supplies description, routing and the security hook; the per-request work is done here, compiled once
at start from the descriptions (see `docs/architecture.md`).
"""
