"""Extraction: an HTML page, bytes as received, becomes an article. Home of trafilatura, lxml and charset-normalizer.

`Extract` is in `processors.extract.extractor`, and not imported here: whoever reads feeds needs this package's charset
detection and parser, but not the second that trafilatura takes to load.
"""
