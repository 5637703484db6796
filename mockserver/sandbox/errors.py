"""What is wrong with what a user decides of a server."""


class SettingsError(ValueError):
    """A setting that cannot be used; the message names the setting, the value and the remedy."""
