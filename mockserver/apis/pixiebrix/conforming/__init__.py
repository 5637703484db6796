"""Conforming variants of PixieBrix."""
