"""The embedded PostgreSQL: the account that it runs as, its files, its process."""
