"""What a check is written with: contexts, outcomes, arranged things, strategies."""
