"""Defects of Pieces OS: implementations that are wrong on purpose."""
