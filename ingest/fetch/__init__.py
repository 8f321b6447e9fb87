"""Getting one document over HTTP: politely, within limits, and only from where it is allowed (docs/fetching.md)."""
