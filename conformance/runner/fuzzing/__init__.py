"""Generated calls: one run of Schemathesis' engine over an API."""
