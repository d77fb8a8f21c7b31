"""Live updates, against real server processes and a real database."""
