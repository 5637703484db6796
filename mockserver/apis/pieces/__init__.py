"""Pieces OS: state, handlers and what else only this API has."""
