"""Greetings, compiled."""


def greet(str name not None) -> str:
    """Return a greeting to name."""
    return f"Hello, {name}!"
