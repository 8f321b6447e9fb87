"""The commands of a scaled-out service, as processes, against the real broker."""
