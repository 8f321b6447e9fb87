"""Imported by the fork server alone: what every worker needs, loaded once and shared by all that are forked.

Measured: a worker that loads all of it by itself is ready after 0.85 s of CPU, a forked one after what its rules take.
"""

from __future__ import annotations

import os
import threading

# Numpy reads this when it is imported, below: a thread pool for each worker would count, stack by stack, against the
# worker's memory limit.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from processors import language

# Decompressing the language model (0.5 s, without the interpreter's lock) goes on beside the other imports. The thread
# has ended before anything is forked.
_model = threading.Thread(target=language.detected, args=("a sample long enough to be worth a look at the model " * 3,))
_model.start()

import ingest.worker  # noqa: E402, F401 - behind the start of the thread; for its side effect of being loaded

_model.join()
