"""Wrong on purpose."""
