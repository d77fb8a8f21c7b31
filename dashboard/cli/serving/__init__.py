"""How the dashboard is served: gunicorn's settings, the WSGI application, servers as child processes, nginx."""
