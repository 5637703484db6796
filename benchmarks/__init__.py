"""How fast the mock server is and how much memory it takes; see README.md. Run as `python -m benchmarks.<name>`."""
