"""The `dashboard` command, the embedded PostgreSQL, and the web servers that it starts.

This module imports nothing: gunicorn's master process imports `cli.serving.gunicorn_config`, and must not load the
application before it forks its workers.
"""
