"""The page that people get instead of the one they asked for."""

from http import HTTPStatus

from flask import render_template


def render_error(status: HTTPStatus) -> str:
    """Return the HTML of the page about an error; `pages/text/errors.py` has its words."""
    return render_template("error.html", status=status.value)
