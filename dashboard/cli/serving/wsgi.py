"""The WSGI application for gunicorn; the only module that patches the standard library and psycopg2 for gevent.

A worker imports it after the fork. The patches come before all other imports, so that none of these keeps a blocking
function.
"""

# ruff: noqa: E402
from gevent import monkey

monkey.patch_all()

import gevent

# The tree of greenlets is only for debugging; each of thousands of open pages has three greenlets.
gevent.config.track_greenlet_tree = False

import logging
import os
import sys

from psycopg2.extensions import set_wait_callback

from dashboard.app import create_app, find_engine
from dashboard.cli.environment import load_served_settings
from dashboard.config import SettingsError
from dashboard.database.pool import check_pool, wait_for_database
from dashboard.http.request_id import add_id_to_log_records

APP_LOAD_ERROR = 4
"""gunicorn's exit status of a worker for which it stops instead of restarting the worker."""

set_wait_callback(wait_for_database)
add_id_to_log_records()
try:
    settings = load_served_settings(os.environ)
    app = create_app(settings)
    check_pool(find_engine(app), settings)
except SettingsError as error:
    logging.getLogger("dashboard").critical(error)
    sys.exit(APP_LOAD_ERROR)
