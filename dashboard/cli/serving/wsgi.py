"""The application for gunicorn; gevent and psycopg2 are patched here and nowhere else.

Imported by the worker, after the fork. The patches come before every other import, so that nothing keeps the blocking
originals.
"""

# ruff: noqa: E402
from gevent import monkey

monkey.patch_all()

import gevent

# Where each greenlet was spawned is for debugging; thousands of open pages have three of them each.
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

CANNOT_LOAD = 4
"""The status of a worker that makes gunicorn stop instead of starting the worker again."""

set_wait_callback(wait_for_database)
add_id_to_log_records()
try:
    settings = load_served_settings(os.environ)
    app = create_app(settings)
    check_pool(find_engine(app), settings)
except SettingsError as error:
    logging.getLogger("dashboard").critical(error)
    sys.exit(CANNOT_LOAD)
