"""The checks of Pieces OS, a file a topic, found by discovery."""
