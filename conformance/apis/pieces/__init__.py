"""What is particular to judging Pieces OS."""
