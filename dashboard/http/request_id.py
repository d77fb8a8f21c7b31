"""One id for each request: in the header of its answer, in its log lines, and of the delivery that it brought.

It is always made here. One that comes with a request is not taken: it becomes the key of a row.
"""

import logging
import uuid
from typing import Any

from flask import Flask, Response, has_request_context, request

from dashboard.database.uuid7 import make_uuid7

HEADER = "X-Request-ID"
_KEY = "dashboard.http.request_id"


def init_request_ids(app: Flask) -> None:
    """Let every answer of the application tell its id."""
    app.after_request(_tell)


def read_request_id() -> uuid.UUID:
    """Return the id of the current request."""
    environ = request.environ
    if _KEY not in environ:
        environ[_KEY] = make_uuid7()
    made: uuid.UUID = environ[_KEY]
    return made


def mark_log_records() -> None:
    """Give every record that is logged during a request its id; for the whole process, once."""
    make = logging.getLogRecordFactory()

    def make_marked(*arguments: Any, **options: Any) -> logging.LogRecord:  # noqa: ANN401
        record = make(*arguments, **options)
        if has_request_context():
            record.request_id = str(read_request_id())
        return record

    logging.setLogRecordFactory(make_marked)


def _tell(response: Response) -> Response:
    response.headers[HEADER] = str(read_request_id())
    return response
