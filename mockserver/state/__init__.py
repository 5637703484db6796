"""What the rules of every API share: instants, errors, JSON text, stored objects; no HTTP, no clock."""
