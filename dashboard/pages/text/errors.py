"""What an error page says, by HTTP status. The detail of a problem document is for programs and is not shown here."""

from http import HTTPStatus
from typing import NamedTuple

from flask_babel import LazyString
from flask_babel import lazy_gettext as _


class ErrorText(NamedTuple):
    """The text of an error page, in the language of the request."""

    title: LazyString
    detail: LazyString


BAD_REQUEST = ErrorText(_("Invalid address"), _("The address cannot be read. The link may be broken."))
SERVER_ERROR = ErrorText(
    _("Page failed"), _("The page could not be created. Reports are still received; try again in a moment.")
)
TEXTS: dict[int, ErrorText] = {
    HTTPStatus.BAD_REQUEST: BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED: ErrorText(
        _("Secret required"), _("Sign in with any user name and the secret of the dashboard as the password.")
    ),
    HTTPStatus.FORBIDDEN: ErrorText(_("Not allowed"), _("This request is not allowed.")),
    HTTPStatus.NOT_FOUND: ErrorText(
        _("Not found"), _("The deployment or project may have been deleted, or the link is incomplete.")
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: ErrorText(
        _("Not supported"), _("This address does not support this kind of request.")
    ),
    HTTPStatus.REQUEST_TIMEOUT: ErrorText(_("Request timed out"), _("Try again in a moment.")),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorText(_("Request too large"), _("Send less data at once.")),
    HTTPStatus.UNPROCESSABLE_ENTITY: ErrorText(
        _("Invalid link"), _("This place in the list does not exist. Start again from the first page.")
    ),
    HTTPStatus.TOO_MANY_REQUESTS: ErrorText(_("Too many requests"), _("Try again in a moment.")),
    HTTPStatus.INTERNAL_SERVER_ERROR: SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE: ErrorText(
        _("Database unavailable"),
        _("Nothing can be shown or received until the database answers. Senders retry automatically."),
    ),
}


def describe_error(status: int) -> ErrorText:
    """Return the text for an HTTP status of 400 or more; one that is not in the table gets that of its class."""
    fallback = SERVER_ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR else BAD_REQUEST
    return TEXTS.get(status, fallback)
