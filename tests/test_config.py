"""Settings: defaults, generated secrets, and one clear line for each invalid setting."""

import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from dashboard.config import Settings, SettingsError, load_settings

SECRETS = {"DASHBOARD_WEBHOOK_SECRET": "a secret", "SECRET_KEY": "a key"}

PASTED = (
    "v1,pw5150", "V1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "Bearer pw5150", "sha256=pw5150", "\ufeffpw5150",
    "\u200bpw5150", "pw5150\u2060", "\u00a0pw5150", '"pw5150"', "'pw5150'", "\u201cpw5150\u201d",
)  # fmt: skip
"""Secrets with something before or around them that is not part of them."""


def load(tmp_path: Path, **environ: str) -> Settings:
    """Return settings with secrets and a data directory, unless others are given."""
    return load_settings({"DASHBOARD_DATA_DIR": str(tmp_path), **SECRETS, **environ})


def test_the_defaults_are_for_local_use(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.host, settings.port, settings.url_prefix, settings.database_url) == ("127.0.0.1", 8000, "", None)
    assert (settings.refresh_s, settings.max_body_bytes) == (30, 2 * 1024 * 1024)
    assert (settings.deliveries_days, settings.deliveries_bytes) == (14, 5 * 1024**3)


def test_empty_settings_count_as_not_set(tmp_path: Path) -> None:
    names = ["DATABASE_URL", "DASHBOARD_HOST", "DASHBOARD_PORT", "DASHBOARD_URL_PREFIX", "DASHBOARD_REFRESH_S"]
    assert load(tmp_path, **dict.fromkeys(names, "")) == load(tmp_path)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
        ("postgres://u:p@h:5433/d", "postgresql+psycopg2://u:p@h:5433/d"),
        ("postgresql+psycopg2://h/d", "postgresql+psycopg2://h/d"),
        ("postgresql:///d?host=/run/postgresql", "postgresql+psycopg2:///d?host=/run/postgresql"),
        ("postgresql://u:p%40%2F@h/d", "postgresql+psycopg2://u:p%40%2F@h/d"),
    ],
)
def test_the_usual_forms_of_a_database_url_are_accepted(tmp_path: Path, given: str, used: str) -> None:
    assert load(tmp_path, DATABASE_URL=given).database_url == used


@pytest.mark.parametrize(
    ("given", "used"), [("/dash", "/dash"), ("/dash/", "/dash"), ("/a/b-c_d.e~f//", "/a/b-c_d.e~f"), ("/", "")]
)
def test_a_trailing_slash_of_the_prefix_is_removed(tmp_path: Path, given: str, used: str) -> None:
    assert load(tmp_path, DASHBOARD_URL_PREFIX=given).url_prefix == used


def test_by_default_one_process_has_both_roles(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.role, settings.socket, settings.pool_size) == ("all", None, 10)
    assert (settings.web_workers, settings.live_processes) == (2, 2)


def test_several_web_workers_need_a_directory_for_metrics(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PROMETHEUS_MULTIPROC_DIR"):
        load(tmp_path, DASHBOARD_ROLE="web")
    assert load(tmp_path, DASHBOARD_ROLE="web", DASHBOARD_WEB_WORKERS="1").web_workers == 1
    assert load(tmp_path, DASHBOARD_ROLE="web", PROMETHEUS_MULTIPROC_DIR="/run/metrics").web_workers == 2


BAD = [
    *(("DASHBOARD_ROLE", value) for value in ("both", "WEB")),
    *(("DASHBOARD_WEB_WORKERS", value) for value in ("0", "many", "65")),
    *(("DASHBOARD_LIVE_PROCESSES", value) for value in ("-1", "65")),
    *(("DASHBOARD_POOL_SIZE", value) for value in ("1", "1001")),
    *(("DASHBOARD_LOG_FORMAT", value) for value in ("xml", "JSON")),
    *(("DASHBOARD_SOCKET", value) for value in ("web.sock", "/" + "x" * 101)),
    *(("DASHBOARD_PORT", value) for value in ("0", "65536", "-1", "x", "80.5", " 80", "８０", "9" * 5000)),
    *(("DASHBOARD_REFRESH_S", value) for value in ("0", "-30", "1.5", "soon", "9" * 12)),
    *(("DASHBOARD_STALE_S", value) for value in ("0", "never")),
    *(("DASHBOARD_MAX_BODY_BYTES", value) for value in ("0", "1023", "2MB", "1073741825")),
    *(("DASHBOARD_DELIVERIES_DAYS", value) for value in ("0", "3651", "two weeks")),
    *(("DASHBOARD_DEPLOYMENTS_DAYS", value) for value in ("-1", "36501", "for good")),
    *(("DASHBOARD_DEPLOYMENTS_PER_PROJECT", value) for value in ("-1", "1000000001", "all")),
    *(("DASHBOARD_DELIVERIES_BYTES", value) for value in ("0", "1048575", "5GB", "9" * 13)),
    *(
        ("DATABASE_URL", value)
        for value in ("mysql://h/d", "sqlite://", "h/d", "postgresql", "postgresql://u:pw5150@h:port/d", "//h")
    ),
    *(
        ("DASHBOARD_URL_PREFIX", value)
        for value in ("dash", "//evil.example", "/a b", "/a?b", "/a#b", "/..", "/a/../b", "/é", "/a\n", "http://x/")
    ),
    *(
        ("DASHBOARD_WEBHOOK_SECRET", value)
        for value in (
            " ", " pw5150", "pw5150\n", "pw\x005150", "pw\udcff5150", "whsec_", "whsec_pw5150!", "whsec_cHc1MTUw",
            "whsec_" + "A" * 88, *PASTED,
        )
    ),
    *(("SECRET_KEY", value) for value in (" ", "pw5150\n")),
    ("DASHBOARD_CATEGORIES_FILE", "/no/such/file"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_an_invalid_setting_is_named_in_one_line_without_secrets(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **{name: value})
    line = str(caught.value)
    assert name in line
    assert "\n" not in line
    assert "5150" not in line


@pytest.mark.parametrize(
    "text",
    ['"(" = "build"', '"x" = "no such category"', '"x" = 5', '"x" = ["build"]', "x", "[a]\nb = 'build'", "\udcff"],
)
def test_an_invalid_file_of_categories_is_reported_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "categories.toml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(SettingsError, match="DASHBOARD_CATEGORIES_FILE") as caught:
        load(tmp_path, DASHBOARD_CATEGORIES_FILE=str(file))
    assert "\n" not in str(caught.value)


def test_a_file_of_categories_replaces_the_default_table(tmp_path: Path) -> None:
    file = tmp_path / "categories.toml"
    file.write_text('"ship|送" = "deployment"\n"." = "build"\n')
    patterns = load(tmp_path, DASHBOARD_CATEGORIES_FILE=str(file)).category_patterns
    assert patterns == (("ship|送", "deployment"), (".", "build"))


@pytest.mark.parametrize(
    "secret",
    ["a", "It's a Secret to Everybody", "密钥", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", '"a', "a v1,b"],
)
def test_usual_secrets_are_accepted_unchanged(tmp_path: Path, secret: str) -> None:
    assert load(tmp_path, DASHBOARD_WEBHOOK_SECRET=secret).webhook_secret == secret


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("v1,5150", "starts with 'v1,', which belongs to a header"),
        ("\ufeff5150", r"contains an invisible character \(U\+FEFF\)"),
        ("'5150'", "is in quotation marks"),
        (" 5150", "without control characters or surrounding spaces"),
    ],
)
def test_what_was_pasted_with_a_secret_is_named(tmp_path: Path, secret: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"DASHBOARD_WEBHOOK_SECRET.*{reason}"):
        load(tmp_path, DASHBOARD_WEBHOOK_SECRET=secret)


def test_a_byte_order_mark_in_the_file_of_a_secret_is_named(tmp_path: Path) -> None:
    (tmp_path / "webhook-secret").write_bytes("\ufeffsecret\n".encode())
    with pytest.raises(SettingsError, match=r"webhook-secret contains an invisible character \(U\+FEFF\)"):
        load_unset(tmp_path)


def load_unset(data_dir: Path, environ: Mapping[str, str] = {}) -> Settings:
    """Return settings of which no secret is set."""
    return load_settings({"DASHBOARD_DATA_DIR": str(data_dir), **environ})


def test_missing_secrets_are_generated_once(tmp_path: Path) -> None:
    first, second = load_unset(tmp_path / "new" / "data"), load_unset(tmp_path / "new" / "data")
    assert (first.webhook_secret, first.secret_key) == (second.webhook_secret, second.secret_key)
    assert first.webhook_secret != first.secret_key
    assert min(len(first.webhook_secret), len(first.secret_key)) >= 32


def test_secrets_of_two_data_directories_differ(tmp_path: Path) -> None:
    assert load_unset(tmp_path / "a").webhook_secret != load_unset(tmp_path / "b").webhook_secret


def test_files_of_secrets_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    load_unset(tmp_path / "data")
    files = list((tmp_path / "data").iterdir())
    assert sorted(file.name for file in files) == ["secret-key", "webhook-secret"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_secrets_from_the_environment_are_not_written_to_files(tmp_path: Path) -> None:
    load(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_secret_from_the_environment_overrides_its_file(tmp_path: Path) -> None:
    load_unset(tmp_path)
    assert load_unset(tmp_path, {"DASHBOARD_WEBHOOK_SECRET": "mine"}).webhook_secret == "mine"


@pytest.mark.parametrize("content", [b"", b"\n", b"  \n", b"\xff\xfe", b"a\nb\n"])
def test_a_file_without_a_usable_secret_prevents_the_start(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "webhook-secret").write_bytes(content)
    with pytest.raises(SettingsError, match="webhook-secret"):
        load_unset(tmp_path)


def test_a_data_directory_that_is_a_file_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="DASHBOARD_DATA_DIR") as caught:
        load_unset(tmp_path / "file")
    assert "\n" not in str(caught.value)
