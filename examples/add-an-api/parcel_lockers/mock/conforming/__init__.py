"""Unusual, and right."""
