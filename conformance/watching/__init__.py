"""Judges an implementation by watching what passes between it and its clients; sends nothing."""
