"""requirements/*.in name every package that we import, with a lower and an upper bound."""

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.servers import REPOSITORY

OURS = {"dashboard", "tests", "benchmarks", "scripts", "wsgi"}
ONLY_FOR_TYPES = {"_typeshed"}
"""Modules that exist for type checkers and are never loaded."""
FOLDERS_OF_DEVELOPERS = ("tests", "benchmarks", "scripts")
IN_ITS_OWN_ENVIRONMENT = {"tests/senders/buildbot_master.py"}
"""Files that Buildbot loads, with the packages of requirements/buildbot.in."""


def read_requirements(path: Path) -> dict[str, Requirement]:
    """Return the requirements of a file by the canonical names of their packages."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    requirements = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def list_imported_packages(*folders: str) -> set[str]:
    """Return the canonical names of the packages that files below the folders import."""
    known = packages_distributions()
    paths = {path for folder in folders for path in (REPOSITORY / folder).rglob("*.py")}
    paths -= {REPOSITORY / path for path in IN_ITS_OWN_ENVIRONMENT}
    modules = {name.partition(".")[0] for path in paths for name in _list_imports(path)}
    others = modules - sys.stdlib_module_names - OURS - ONLY_FOR_TYPES
    return {canonicalize_name(known[module][0]) for module in others}


def _list_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def read_pair(name: str) -> tuple[dict[str, Requirement], dict[str, Requirement]]:
    """Return what a file of requirements names, and what its lock pins."""
    folder = REPOSITORY / "requirements"
    lock = REPOSITORY / "requirements.txt" if name == "base" else folder / f"{name}.txt"
    return read_requirements(folder / f"{name}.in"), read_requirements(lock)


BASE, DEV = read_pair("base")[0], read_pair("dev")[0]


def test_every_package_imported_by_the_program_is_required() -> None:
    imported = list_imported_packages("dashboard", "migrations")
    assert {"flask", "sqlalchemy", "psycopg2-binary", "wsproto"} <= imported
    assert imported - set(BASE) == set()


def test_every_package_imported_by_tests_benchmarks_and_scripts_is_required() -> None:
    imported = list_imported_packages(*FOLDERS_OF_DEVELOPERS)
    assert {"pytest", "hypothesis", "packaging"} <= imported
    assert imported - set(BASE) - set(DEV) == set()


@pytest.mark.parametrize("file", ["base", "dev", "buildbot"])
def test_required_packages_have_bounds_and_are_pinned_within_them(file: str) -> None:
    required, pinned = read_pair(file)
    for name, requirement in required.items():
        assert {bound.operator for bound in requirement.specifier} == {">=", "<"}, name
        (pin,) = pinned[name].specifier
        assert pin.operator == "==", name
        assert pin.version in requirement.specifier, name
