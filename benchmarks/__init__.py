"""How fast the mock server is and how much memory it takes; run as `python -m benchmarks.NAME` (README)."""
