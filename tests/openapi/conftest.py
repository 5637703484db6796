from __future__ import annotations

from .clients import generated_python_client, node_tools

__all__ = ["generated_python_client", "node_tools"]
