"""Which errors mean that the database cannot work now."""

from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

UNAVAILABLE = (OperationalError, InterfaceError, InternalError, PoolTimeoutError)
"""Raised for any statement while PostgreSQL is away, too busy or broken: the same request may succeed later."""
