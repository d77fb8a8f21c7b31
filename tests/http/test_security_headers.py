"""Headers that restrict what a page may do, on every answer."""

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize("path", ["/", "/health", "/no", "{static}/css/theme.css"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    with client.get(path.format(static=client.application.static_url_path)) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
