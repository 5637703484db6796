"""Runs checks: which, in what order, and how each of them ended."""
