"""Histories of many clients at once: how they are recorded, made, and held against a sequential model."""
