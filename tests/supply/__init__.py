"""What comes from others: pinned, under known licences, and not known to be vulnerable by a list of our own."""
