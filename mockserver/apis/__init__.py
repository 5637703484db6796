"""The APIs that are served, a package each; `base` says what such a package brings."""
