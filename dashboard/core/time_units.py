"""Lengths of time in seconds."""

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
YEAR_S = 365 * DAY_S
