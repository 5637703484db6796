"""Defects of PixieBrix: implementations that are wrong on purpose."""
