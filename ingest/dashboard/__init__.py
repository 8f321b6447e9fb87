"""The web dashboard: what an operator and an analyst see, as routes of the one HTTP listener.

    dashboard = Dashboard(config)
    listener = Listener(address, health, metrics, token=token, pages=dashboard.routes())
    ...
    dashboard.saw(outcome)     # from the pipeline's thread, once it is committed
    dashboard.close()

What it shows of records is kept in memory, bounded; what it shows of feeds is read from the state beside the service,
in a thread of its own. Feed text is hostile: templates escape everything, scripts set text and never markup, and
nothing is loaded from elsewhere.
"""

from ingest.dashboard.app import Dashboard
from ingest.dashboard.group import GroupDashboard
from ingest.dashboard.standing import Standing

__all__ = ["Dashboard", "GroupDashboard", "Standing"]
