"""How a client uses PixieBrix: the situations that it can meet, and what it can do wrong."""
