"""Connections to PostgreSQL, and statements that several rooms share. Knows no request and no rule of the product."""
