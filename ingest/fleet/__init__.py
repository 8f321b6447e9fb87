"""Fetchers that share out feeds (`newstap fetch --group`): docs/scaling.md, docs/decisions/0016.

What is known of feeds lies in Kafka, in three topics that are partitioned alike, by host: which feeds there are, the
state of each, and the pages that they lead to. Whoever owns a partition, by the group's own protocol, polls its feeds
and fetches its pages; the SQLite file here is a copy to work on, and the outbox of what goes back.
"""
