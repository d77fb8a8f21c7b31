"""The `dashboard` command, the embedded PostgreSQL, and the web servers it starts. Nothing is imported here: gunicorn's
master process imports `cli.serving.gunicorn_config`, and must not load the application before its workers are forked.
"""
