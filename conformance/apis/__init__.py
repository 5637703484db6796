"""The APIs that are judged, a package each; `base` says what such a package brings."""
