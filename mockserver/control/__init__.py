"""The control API and its pages: what a user of the mock decides while it runs."""
