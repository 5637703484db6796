"""What is particular to judging PixieBrix."""
