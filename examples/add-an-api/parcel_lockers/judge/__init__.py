"""The judge's side; it knows nothing of the mock's."""
