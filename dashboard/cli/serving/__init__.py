"""Serving the dashboard: gunicorn's settings, the WSGI application, servers as child processes, nginx."""
