"""The types of views. Times are ISO 8601 in UTC with Z, durations are in seconds.

None means that nothing was reported, or not yet. `core.view` makes views of one row; queries add what they read from
other rows.
"""
