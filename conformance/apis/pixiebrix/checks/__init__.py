"""The checks of PixieBrix, a file a topic, found by discovery."""
