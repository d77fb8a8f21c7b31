"""requirements/base.in names every package that the program imports, with a lower and an upper bound."""

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.servers import REPOSITORY

ONLY_FOR_TYPES = {"_typeshed"}
"""Modules that exist for type checkers and are never loaded."""


def read_requirements(path: Path) -> dict[str, Requirement]:
    """Return the requirements of a file by the canonical names of their packages."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    requirements = [Requirement(line) for line in lines if line]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def list_imported_packages() -> dict[str, str]:
    """Return the packages that files below dashboard/ import; each with the name of its module."""
    known = packages_distributions()
    modules = {
        name.partition(".")[0] for path in (REPOSITORY / "dashboard").rglob("*.py") for name in _list_imports(path)
    }
    others = modules - sys.stdlib_module_names - ONLY_FOR_TYPES - {"dashboard"}
    return {canonicalize_name(known[module][0]): module for module in sorted(others)}


def _list_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


REQUIREMENTS = read_requirements(REPOSITORY / "requirements" / "base.in")
PINNED = read_requirements(REPOSITORY / "requirements.txt")


def test_every_imported_package_is_required() -> None:
    imported = list_imported_packages()
    assert {"flask", "sqlalchemy", "psycopg2-binary", "wsproto"} <= set(imported)
    assert set(imported) - set(REQUIREMENTS) == set()


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_required_package_has_bounds_and_is_pinned_within_them(name: str) -> None:
    bounds = REQUIREMENTS[name].specifier
    assert {bound.operator for bound in bounds} == {">=", "<"}
    (pin,) = PINNED[name].specifier
    assert pin.operator == "=="
    assert pin.version in bounds
