"""What carries records out: Kafka, files, console, and the outbox that makes it exactly once.

Of our own code, this package imports `processors.records` only.
"""
