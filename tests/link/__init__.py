"""The ordered stage of a scaled-out service."""
