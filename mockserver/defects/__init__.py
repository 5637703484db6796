"""Implementations that are wrong on purpose: each does one thing that some rule forbids.

They prove that the conformance checks can fail, and show a client what a misbehaving vendor looks like
(`dbcontract serve --defect NAME`).
"""

from .base import defect

__all__ = ["defect"]
