"""Connections to PostgreSQL, and the statements that several rooms share. No requests and no rules of the product."""
