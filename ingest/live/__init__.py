"""The long-lived service: feeds are polled, pages fetched, records made and delivered (docs/service.md).

    feeds ─ polling ─► pending entries ─ pages ─► source ─► pipeline ─► outbox ─► delivery
             │                                                (worker processes)
             └ parser processes

One event loop fetches; one thread commits what it decides (`writer`), one drives the pipeline, one each sink.
"""
