"""Webhook sources: what each may report on, and which of its secrets are accepted when."""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import InvalidToken
from sqlalchemy import Engine, create_engine, text

from dashboard.access.sources import (
    Source,
    SourceError,
    add_source,
    generate_secret,
    load_sources,
    make_cipher,
    remove_source,
    rotate_secret,
)
from dashboard.config import Settings
from dashboard.core.registers import claim_node
from dashboard.core.report import Report
from tests.support.applications import make_settings
from tests.support.databases import MakeDatabase
from tests.support.parsed_reports import make_identity
from tests.support.servers import SECRET

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)


def make_report(name: str, /, **project: str) -> Report:
    """Return a report on a project, with what else it claims of it."""
    return Report(make_identity("native", name, ("1",)), project=claim_node(project))


@pytest.mark.parametrize(
    ("patterns", "name", "claims", "is_allowed"),
    [
        pytest.param((), "shop", {}, True, id="no patterns: everything"),
        pytest.param(("shop",), "shop", {}, True, id="the name"),
        pytest.param(("shop",), "shops", {}, False, id="another name"),
        pytest.param(("other", "shop"), "shop", {}, True, id="any of the patterns"),
        pytest.param(("sh*",), "shop", {}, True, id="a pattern"),
        pytest.param(("SHOP",), "shop", {}, True, id="in any case"),
        pytest.param(("acme/*",), "Acme/Shop", {}, True, id="a path in any case"),
        pytest.param(("acme/*",), "acme-shop", {"repository": "acme/shop"}, False, id="never a name of its slug"),
        pytest.param(("acme-*",), "acme/shop", {}, False, id="never the slug"),
        pytest.param(("team-*",), "team-/shop", {}, False, id="a part that loses its end in the normal form"),
        pytest.param(("my shop",), "my-shop", {"name": "My Shop"}, True, id="a name in its normal form"),
        pytest.param(("acme/*",), "shop", {"repository": "acme/shop"}, False, id="a repository that is only claimed"),
        pytest.param(("none",), "shop", {}, False, id="a name that nobody claimed"),
    ],
)
def test_a_source_may_report_on_projects_whose_names_fit_its_patterns(
    patterns: tuple[str, ...], name: str, claims: dict[str, str], is_allowed: bool
) -> None:
    source = Source("ci", ("secret",), repositories=patterns)
    assert source.allows(make_report(name, **claims)) == is_allowed


@pytest.mark.parametrize(
    ("pattern", "is_allowed"),
    [
        ("acme/*", True),
        ("ACME/shop", True),
        ("git.example.org/acme/*", True),
        ("github.com/acme/*", False),
        ("shop", False),
    ],
)
def test_a_pattern_fits_the_path_of_a_repository_alone_or_after_its_host(pattern: str, is_allowed: bool) -> None:
    report = Report(make_identity("github", "Acme/Shop", ("git.example.org", 7)))
    assert Source("ci", ("secret",), repositories=(pattern,)).allows(report) == is_allowed


def test_a_pattern_for_paths_does_not_fit_a_host_of_the_same_name() -> None:
    report = Report(make_identity("github", "other/shop", ("acme", 7)))
    assert not Source("ci", ("secret",), repositories=("acme/*",)).allows(report)


def test_an_empty_pattern_fits_no_project() -> None:
    assert not Source("ci", ("secret",), repositories=("",)).allows(make_report("shop"))


def test_a_generated_secret_is_43_characters_of_base64_for_urls() -> None:
    assert re.fullmatch(r"[\w-]{43}", generate_secret())
    assert generate_secret() != generate_secret()


def test_a_cipher_decrypts_only_what_its_key_encrypted() -> None:
    sealed = make_cipher("key").encrypt(b"secret")
    assert make_cipher("key").decrypt(sealed) == b"secret"
    with pytest.raises(InvalidToken):
        make_cipher("other").decrypt(sealed)


def test_secrets_encrypted_by_earlier_versions_can_be_decrypted() -> None:
    sealed = "gAAAAABpVmHAQG2dqtZdeG4HCMla5hIPA8t16eRPEEqUOKXA4E_n4W4WOQqWptM4U8WRlL_eT4NV5L_wmB7BptCKloyBPA06gQ=="
    assert make_cipher("key").decrypt(sealed) == b"secret"


@pytest.fixture
def settings(make_database: MakeDatabase, tmp_path: Path) -> Settings:
    """Give settings with an empty database, in which `default` has the secret SECRET."""
    return make_settings(make_database(), tmp_path)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """Give connections to that database."""
    assert settings.database_url is not None
    engine = create_engine(settings.database_url)
    yield engine
    engine.dispose()


def list_secrets(engine: Engine, settings: Settings, now: datetime = NOON) -> dict[str, tuple[str, ...]]:
    """Return the secrets that are accepted, by source, in order."""
    return {source.name: source.secrets for source in load_sources(engine, settings, now)}


def test_an_added_source_is_loaded_as_it_was_added(engine: Engine, settings: Settings) -> None:
    mine = Source("mine", ("one", "密钥"), "github", ("acme/*", "other"))
    yours = Source("yours", ("two",))
    add_source(engine, settings, NOON, yours)
    add_source(engine, settings, NOON, mine)
    assert load_sources(engine, settings, NOON) == [Source("default", (SECRET,)), mine, yours]


def test_a_source_is_stored_with_its_secret_encrypted(engine: Engine, settings: Settings) -> None:
    add_source(engine, settings, NOON, Source("mine", ("one",), "github", ("acme/*",)))
    with engine.connect() as connection:
        (row,) = connection.execute(text("SELECT * FROM webhook_sources")).mappings()
    (secret,) = row["secrets"]
    assert (row["name"], row["dialect"], row["repositories"]) == ("mine", "github", ["acme/*"])
    assert row["created_at"] == NOON
    assert make_cipher(settings.secret_key).decrypt(secret.pop("sealed")) == b"one"
    assert secret == {"added_at": "2026-06-01T12:00:00Z", "expires_at": None}


def test_names_and_secrets_are_unique(engine: Engine, settings: Settings) -> None:
    add_source(engine, settings, NOON, Source("mine", ("one", "two")))
    taken = r"^source mine already exists: rotate its secret, or remove it first$"
    with pytest.raises(SourceError, match=taken):
        add_source(engine, settings, NOON, Source("mine", ("three",)))
    shared = r"^source mine already has this secret: each source needs its own$"
    with pytest.raises(SourceError, match=shared):
        add_source(engine, settings, NOON, Source("yours", ("three", "two")))
    with pytest.raises(SourceError, match=r"^source default already has this secret"):
        add_source(engine, settings, NOON, Source("yours", (SECRET,)))
    with pytest.raises(SourceError, match=shared):
        rotate_secret(engine, settings, NOON, "default", secret="two", overlap=HOUR)
    assert list_secrets(engine, settings) == {"default": (SECRET,), "mine": ("one", "two")}


def test_a_rotated_secret_is_accepted_until_the_overlap_ends(engine: Engine, settings: Settings) -> None:
    add_source(engine, settings, NOON, Source("mine", ("old",), "github", ("acme/*",)))
    rotate_secret(engine, settings, NOON, "mine", secret="new", overlap=HOUR)
    assert list_secrets(engine, settings, NOON + HOUR - MOMENT)["mine"] == ("old", "new")
    assert list_secrets(engine, settings, NOON + HOUR)["mine"] == ("new",)
    rotated = load_sources(engine, settings, NOON + HOUR)[1]
    assert (rotated.dialect, rotated.repositories) == ("github", ("acme/*",))


def test_a_second_rotation_does_not_extend_the_overlap(engine: Engine, settings: Settings) -> None:
    add_source(engine, settings, NOON, Source("mine", ("first",)))
    rotate_secret(engine, settings, NOON, "mine", secret="second", overlap=HOUR)
    rotate_secret(engine, settings, NOON, "mine", secret="third", overlap=5 * HOUR)
    assert list_secrets(engine, settings, NOON + HOUR)["mine"] == ("second", "third")
    rotate_secret(engine, settings, NOON, "mine", secret="fourth", overlap=timedelta())
    assert list_secrets(engine, settings, NOON)["mine"] == ("fourth",)


def test_rotation_changes_no_other_source(engine: Engine, settings: Settings) -> None:
    add_source(engine, settings, NOON, Source("mine", ("one",)))
    add_source(engine, settings, NOON, Source("yours", ("two",)))
    rotate_secret(engine, settings, NOON, "mine", secret="three", overlap=timedelta())
    assert list_secrets(engine, settings) == {"default": (SECRET,), "mine": ("three",), "yours": ("two",)}


def test_rotating_the_default_keeps_the_secret_of_the_settings_for_the_overlap(
    engine: Engine, settings: Settings
) -> None:
    rotate_secret(engine, settings, NOON, "default", secret="new", overlap=HOUR)
    assert list_secrets(engine, settings, NOON) == {"default": (SECRET, "new")}
    assert [source.name for source in load_sources(engine, settings, NOON)] == ["default"]
    assert list_secrets(engine, settings, NOON + HOUR) == {"default": ("new",)}
    rotate_secret(engine, settings, NOON + HOUR, "default", secret="newer", overlap=HOUR)
    assert list_secrets(engine, settings, NOON + HOUR) == {"default": ("new", "newer")}
    with engine.connect() as connection:
        (row,) = connection.execute(text("SELECT * FROM webhook_sources")).mappings()
    assert (row["dialect"], row["repositories"], row["created_at"]) == (None, [], NOON)
    added = [datetime.fromisoformat(entry["added_at"]) for entry in row["secrets"]]
    assert added == [NOON, NOON, NOON + HOUR]


def test_a_secret_is_free_for_another_source_once_it_has_expired(engine: Engine, settings: Settings) -> None:
    rotate_secret(engine, settings, NOON, "default", secret="new", overlap=HOUR)
    with pytest.raises(SourceError, match=r"^source default already has this secret"):
        add_source(engine, settings, NOON, Source("mine", (SECRET,)))
    add_source(engine, settings, NOON + HOUR, Source("mine", (SECRET,)))
    assert list_secrets(engine, settings, NOON + HOUR) == {"default": ("new",), "mine": (SECRET,)}


def test_another_secret_in_the_settings_is_a_source_beside_the_rotated_one(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    rotate_secret(engine, settings, NOON, "default", secret="new", overlap=timedelta())
    changed = make_settings(str(settings.database_url), tmp_path, DASHBOARD_WEBHOOK_SECRET="set by hand")
    assert [source.secrets for source in load_sources(engine, changed, NOON)] == [("set by hand",), ("new",)]
    rotate_secret(engine, changed, NOON, "default", secret="newer", overlap=HOUR)
    assert list_secrets(engine, changed) == {"default": ("new", "set by hand", "newer")}


def test_with_another_secret_key_secrets_are_lost_and_this_is_logged_once(
    engine: Engine, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add_source(engine, settings, NOON, Source("lost and found", ("one", "two")))
    rotate_secret(engine, settings, NOON, "default", secret="new", overlap=timedelta())
    other = make_settings(str(settings.database_url), tmp_path, SECRET_KEY="another key")
    with caplog.at_level(logging.ERROR):
        assert list_secrets(engine, other) == {"default": (), "lost and found": ()}
        load_sources(engine, other, NOON)
    reported = "a secret of source lost and found was encrypted with another SECRET_KEY: rotate it"
    assert caplog.messages.count(reported) == 1


def test_a_removed_source_is_gone(engine: Engine, settings: Settings) -> None:
    add_source(engine, settings, NOON, Source("mine", ("one",)))
    add_source(engine, settings, NOON, Source("yours", ("two",)))
    remove_source(engine, "mine")
    assert list_secrets(engine, settings) == {"default": (SECRET,), "yours": ("two",)}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("mine", "source mine does not exist"),
        (
            "default",
            "source default belongs to DASHBOARD_WEBHOOK_SECRET and cannot be removed: rotate its secret instead",
        ),
    ],
)
def test_removing_an_unknown_or_the_default_source_is_refused(engine: Engine, name: str, reason: str) -> None:
    with pytest.raises(SourceError, match=f"^{reason}$"):
        remove_source(engine, name)


def test_a_source_that_does_not_exist_cannot_be_rotated(engine: Engine, settings: Settings) -> None:
    with pytest.raises(SourceError, match=r"^source mine does not exist$"):
        rotate_secret(engine, settings, NOON, "mine", secret="new", overlap=HOUR)
