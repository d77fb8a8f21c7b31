"""A request's id: it is in a header of the answer, in log records, and it is the id of the posted delivery.

An id that a client sends is ignored, because the id becomes the key of a row.
"""

import logging
import uuid
from typing import Any

from flask import Flask, Response, has_request_context, request

from dashboard.database.uuid7 import make_uuid7

HEADER = "X-Request-ID"
ENVIRON_KEY = "dashboard.http.request_id"


def init_request_ids(app: Flask) -> None:
    """Add the id to each answer of the application."""
    app.after_request(_add_header)


def read_request_id() -> uuid.UUID:
    """Return the id of the current request, made at the first call."""
    environ = request.environ
    if ENVIRON_KEY not in environ:
        environ[ENVIRON_KEY] = make_uuid7()
    request_id: uuid.UUID = environ[ENVIRON_KEY]
    return request_id


def add_id_to_log_records() -> None:
    """Add the request's id to every log record of this process that is made during a request; call it once."""
    make_record = logging.getLogRecordFactory()

    def make_record_with_id(*arguments: Any, **options: Any) -> logging.LogRecord:  # noqa: ANN401
        record = make_record(*arguments, **options)
        if has_request_context():
            record.request_id = str(read_request_id())
        return record

    logging.setLogRecordFactory(make_record_with_id)


def _add_header(response: Response) -> Response:
    response.headers[HEADER] = str(read_request_id())
    return response
