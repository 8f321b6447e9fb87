"""Reading dates: from attributes that machines write, and from the date lines that people read."""

from __future__ import annotations

from processors.dates.machine import machine_date
from processors.dates.written import DateLine, date_line, written_date

__all__ = ["DateLine", "date_line", "machine_date", "written_date"]
