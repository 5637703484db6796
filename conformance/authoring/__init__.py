"""What a check is written with: contexts, calls, arranged things, strategies."""
