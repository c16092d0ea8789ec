"""Tiers of service: the standard one goes by many names, and is null here, so that the same usage is told alike by every dialect."""

STANDARD = frozenset(("", "default", "standard", "auto"))  # auto: the choice was left to the provider, and it did not say


def not_standard(tier: str | None) -> str | None:
    """The tier in lower case; null for the standard one, or where none is told."""
    name = (tier or "").lower()
    return None if name in STANDARD else name
