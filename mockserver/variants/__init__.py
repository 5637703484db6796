"""Implementations that deviate from the reference: how one is declared, found and put together."""
