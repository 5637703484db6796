"""The HTTP conventions of both APIs: routing, security, negotiation, validation, errors, pagination.

Connexion supplies description, routing and the security hook; the work per request is done here, compiled
once at start from the descriptions.
"""
