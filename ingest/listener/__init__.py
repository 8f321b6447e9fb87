"""The one HTTP listener: `/healthz`, `/livez`, `/readyz` and `/metrics`, in a thread of its own.

    listener = Listener("127.0.0.1:8080", health, metrics, token=config.dashboard.token)
    listener.start()    # binds, and says where on standard error
    ...
    listener.stop()

It answers whatever the service's own loop does. Nothing here changes anything: GET and HEAD are all there is. What else
is served at the same address (`ingest.dashboard`) is given to it as routes.
"""

from ingest.listener.binding import ListenError
from ingest.listener.serving import Listener, Pages

__all__ = ["ListenError", "Listener", "Pages"]
