"""A sandbox as one JSON document, and back."""
