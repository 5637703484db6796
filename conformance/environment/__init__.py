"""Where a check runs: a sandbox of a mock or the real target, what it may do there, and what it has made."""
