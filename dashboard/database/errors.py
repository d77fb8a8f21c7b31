"""The errors that mean that the database is unavailable."""

from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

UNAVAILABLE = (OperationalError, InterfaceError, InternalError, PoolTimeoutError)
"""Raised by any statement while PostgreSQL is down, too busy or broken. The same request may succeed later."""
