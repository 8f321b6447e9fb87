"""Topics: which subjects an article is about, with a calibrated score and every phrase that said so.

Definitions are data (`*.toml` here, and the user's own); one automaton finds the phrases of all of them; fixed weights
over where and how often they stand give the score. `docs/topics.md` has the format and the measured accuracy.
"""
