"""The rules of PixieBrix as plain objects: no HTTP, no clock, no chance, no threads."""
