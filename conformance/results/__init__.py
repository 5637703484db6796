"""What a run found, as plain data; baselines and comparisons of it."""
