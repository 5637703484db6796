"""What PixieBrix remembers, in a sandbox's document and back."""
