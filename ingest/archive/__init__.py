"""The archive that the service writes: WARC files, what records were made with, and commands for operators.

`docs/archive-format.md` is the format; the rest of the package follows it.
"""
