"""`POST /language` stores the visitor's choice of language in a cookie; `text/languages.py` applies the choice."""

import re
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import quote

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.pages.rendering import blueprint
from dashboard.pages.text.languages import COOKIE, LANGUAGES

COOKIE_AGE = timedelta(days=365)
ORIGIN = re.compile(r"^https?://[^/]*", re.IGNORECASE)


@blueprint.post("/language")
def switch_language() -> ResponseReturnValue:
    """Store the choice in a cookie, and redirect to the page on which it was made."""
    response = redirect(_find_way_back(), HTTPStatus.SEE_OTHER)
    language = request.form.get("language")
    if language in LANGUAGES:
        here, secure = f"{request.script_root}/", request.is_secure
        response.set_cookie(COOKIE, language, COOKIE_AGE, path=here, secure=secure, httponly=True, samesite="Lax")
    return response


def _find_way_back() -> str:
    """Return path and query of the referring page, without its host; the overview if it is not below the URL prefix."""
    path = quote(ORIGIN.sub("", request.referrer or ""), safe="/?%:@!$&'()*+,;=~")
    is_ours = path.startswith(f"{request.script_root}/") and not path.startswith("//")
    return path if is_ours else url_for("pages.show_overview")
