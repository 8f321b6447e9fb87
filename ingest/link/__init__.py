"""The ordered stage of a scaled-out service: records that workers made become those that are published.

    enriched ─ one member of a group ─► linking, by its memory ─► one transaction: records, what is remembered, offset

It is made of the parts of `ingest.work`, and decides as a single process does (`ingest.linking`).
"""
