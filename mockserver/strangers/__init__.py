"""Implementations that keep the contract in unusual ways: a fair judge accepts every one of them."""

from .base import stranger

__all__ = ["stranger"]
