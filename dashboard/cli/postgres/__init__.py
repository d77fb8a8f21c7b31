"""The embedded PostgreSQL: accounts it runs as, files it works on, its process."""
