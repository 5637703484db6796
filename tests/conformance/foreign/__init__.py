"""The kit on servers that share no code with the mock."""
