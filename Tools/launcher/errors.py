"""The one error that ends a command with a sentence instead of a stack trace."""


class LauncherError(Exception):
    """Something the person at the keyboard can act on. The text says what is wrong and what to do."""
