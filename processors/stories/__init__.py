"""Copies, revisions and stories: what a record has to do with those before it. Pure, and the same for the same order.

All time is record time, no hash has a seed, and scores are ratios of whole numbers: one order of records gives one
result on any machine, live or replayed.
"""
