"""Alarms by model, not by timeout: who is improbably silent for its hour and weekday, loses items, or reads badly.

`rhythm`, `misses` and `reading` are pure functions over frozen values: times are arguments, in Unix seconds.
"""
