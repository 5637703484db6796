"""Conforming variants of Pieces OS."""
