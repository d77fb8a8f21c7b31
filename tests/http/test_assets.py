"""Static files are cached forever under a path that changes with them; answers are compressed."""

from pathlib import Path

from flask.testing import FlaskClient

from dashboard.http.assets import fingerprint_static


def test_static_files_may_be_cached_forever(client: FlaskClient) -> None:
    with client.get(f"{client.application.static_url_path}/css/theme.css") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_pages_link_static_files_by_fingerprint(client: FlaskClient) -> None:
    page = client.get("/").text
    assert f"{client.application.static_url_path}/css/theme.css" in page


def test_a_changed_file_changes_the_path_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "page.js").write_text("one")
    before = fingerprint_static(tmp_path)
    (tmp_path / "page.js").write_text("two")
    assert fingerprint_static(tmp_path) != before


def test_a_page_is_compressed_if_the_client_accepts_it(client: FlaskClient) -> None:
    plain, packed = client.get("/"), client.get("/", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data) / 2
    assert "Accept-Encoding" in packed.headers["Vary"]
