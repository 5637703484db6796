"""All that touches Connexion."""
