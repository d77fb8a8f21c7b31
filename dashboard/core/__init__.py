"""The rules of the dashboard, as pure functions over plain values: no framework, database, clock or I/O."""
