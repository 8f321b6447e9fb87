"""The pure heart: records, and the steps that turn a fetched page into one.

Nothing here reads the network, the clock or the disk (package data apart), and nothing imports `sinks` or `ingest`.
"""
