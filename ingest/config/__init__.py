"""The configuration: one TOML file, typed, with defaults that work without any.

`load` reads it; `Config` and its sections (`ingest.config.model`, `ingest.config.destinations`) hold it. Only the
command line and the wiring see it; everything else takes plain arguments.
"""

from ingest.config.destinations import FilesSink, KafkaSink, Sinks
from ingest.config.load import BOOTSTRAP, load
from ingest.config.model import (
    Archive,
    Config,
    Extraction,
    Feed,
    Fetch,
    ProcessorUse,
    Profiles,
    Revisits,
    Schedule,
    State,
    Stories,
    Topics,
)
from ingest.config.operating import Dashboard, Logging
from ingest.config.plugins import load_processors
from ingest.config.problems import ConfigError, Problem
from ingest.config.reference import reference

__all__ = [
    "BOOTSTRAP",
    "Archive",
    "Config",
    "ConfigError",
    "Dashboard",
    "Extraction",
    "Feed",
    "Fetch",
    "FilesSink",
    "KafkaSink",
    "Logging",
    "Problem",
    "ProcessorUse",
    "Profiles",
    "Revisits",
    "Schedule",
    "Sinks",
    "State",
    "Stories",
    "Topics",
    "load",
    "load_processors",
    "reference",
]
