"""The second half of a scaled-out service: pages of a Kafka topic become records in Kafka (docs/scaling.md).

    pages ─ member of a group ─► shares ─► pool of workers ─► one transaction: records, what is remembered, offsets

There is no outbox: a page stays unread for the group until what came of it is in Kafka, both in one transaction. What a
single process keeps in its state is a compacted topic here, partitioned as what is read; whoever is given a partition
reads the same one of it first. Where records are linked (`ingest.link`, with the same parts), workers remember nothing.
"""
