"""The rules of Pieces OS as plain objects: no HTTP, no clock, no chance, no threads."""
