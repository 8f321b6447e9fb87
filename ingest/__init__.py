"""What brings pages in and runs the service: sources, jobs, configuration, command line.

The composition root: the only package that imports both `processors` and `sinks`.
"""
