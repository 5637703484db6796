"""Keeps a stock list in a PixieBrix database in step with a local one."""

from .inventory import ExportFailed, Inventory, Stock
from .sync import Changes, sync

__all__ = ["Changes", "ExportFailed", "Inventory", "Stock", "sync"]
