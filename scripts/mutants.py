"""Mutation testing: each small change to the pure modules and those that control access must make a test fail.

`make mutants` runs all groups of `[tool.mutants]` in pyproject.toml, `make mutants MODULE=dashboard/core/estimate.py`
one module. mutmut makes the changes and runs, for each of them, only the tests of the group that call the changed
function. Results stay in .mutants: the next run tests what survived, and what is new or has changed since.
"""

import argparse
import configparser
import fnmatch
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
WORK = ROOT / ".mutants"
MUTMUT = Path(sys.executable).with_name("mutmut")
EXPLAINED = ROOT / "docs" / "mutants.md"
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutants"]
KILLED_CODES = frozenset({1, 3, -9, -11, -24})
"""Exit codes of a test run in which a test failed, which crashed, or which took too long."""
NOT_RUN = 255
"""mutmut's exit code where pytest found no such test; mutmut itself calls it a timeout."""


@dataclass(frozen=True)
class Group:
    """Modules that are tested by the same tests, in a directory of their own."""

    name: str
    modules: list[str]
    """Patterns of paths; `path::function` stands for one function of a module."""
    tests: list[str]

    @property
    def directory(self) -> Path:
        """Where mutmut works and keeps the results."""
        return WORK / self.name

    @property
    def paths(self) -> list[str]:
        """The patterns without the functions."""
        return [module.partition("::")[0] for module in self.modules]


@dataclass(frozen=True)
class Mutant:
    """One changed copy of a function, and whether a test failed because of it."""

    group: Group
    module: str
    name: str
    is_killed: bool


def main() -> int:
    """Run the groups, or one module; return 1 if fewer mutants than wanted were killed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", nargs="?", help="the path of one module; the default is all of them")
    parser.add_argument("--processes", type=int, help="how many mutants are tested at once; the default is all cores")
    arguments = parser.parse_args()
    groups = [Group(name, **group) for name, group in SETTINGS["groups"].items()]
    if arguments.module:
        groups = [g for g in groups if any(fnmatch.fnmatch(arguments.module, path) for path in g.paths)]
        if not groups:
            parser.error(f"{arguments.module} belongs to no group of [tool.mutants] in pyproject.toml")
    mutants: list[Mutant] = []
    for group in groups:
        prepare(group)
        run(group, arguments.module, arguments.processes)
        if any(NOT_RUN in results["exit_code_by_key"].values() for _, results in read_results(group)):
            # On a busy machine mutmut gives up some tests before they begin.
            prepare(group)
            run(group, arguments.module, arguments.processes)
        of_group = [mutant for mutant in read_mutants(group) if arguments.module in {None, mutant.module}]
        print_scores(of_group)
        mutants += of_group
    print_score("total", mutants)
    print_unexplained(mutants)
    return int(compute_killed_pct(mutants) < SETTINGS["min_killed_pct"])


def prepare(group: Group) -> None:
    """Make the group's directory: links to the sources, settings, and only the results that need not be found anew."""
    group.directory.mkdir(parents=True, exist_ok=True)
    linked = ["dashboard", "tests", "pyproject.toml", *SETTINGS["needed_by_tests"]]
    for name in linked:
        if not (group.directory / name).exists():
            (group.directory / name).symlink_to(ROOT / name)
    config = configparser.ConfigParser()
    config["mutmut"] = {
        "source_paths": "dashboard",
        "only_mutate": "\n" + "\n".join(group.paths),
        "also_copy": "\n" + "\n".join(SETTINGS["needed_by_tests"]),
        "pytest_add_cli_args": "\n-p\nno:cacheprovider\n--hypothesis-profile=mutants",
        "pytest_add_cli_args_test_selection": "\n" + "\n".join([*group.tests, *SETTINGS["ignored_tests"]]),
        "process_isolation": "forkserver",  # A fork of a process that ran tests has their results in its caches.
        "use_git_change_detection": "false",
    }
    with (group.directory / "setup.cfg").open("w") as file:
        config.write(file)
    copies = group.directory / "mutants"
    # mutmut copies what is new or has changed, but keeps what was removed, and trusts its list of tests.
    shutil.rmtree(copies / "tests", ignore_errors=True)
    (copies / "mutmut-stats.json").unlink(missing_ok=True)
    shutil.copytree(
        ROOT / "dashboard",
        copies / "dashboard",
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("*.py", "__pycache__"),
    )
    for path, results in read_results(group):
        codes = results["exit_code_by_key"]
        results["exit_code_by_key"] = {name: code if code in KILLED_CODES else None for name, code in codes.items()}
        path.write_text(json.dumps(results))


def run(group: Group, module: str | None, processes: int | None) -> None:
    """Let mutmut test the group's mutants; print its output and stop if it fails."""
    command = [str(MUTMUT), "run", *(["--max-children", str(processes)] if processes else [])]
    if module:
        command.append(name_mutants(module))
    elif any("::" in path for path in group.modules):
        command += map(name_mutants, group.modules)
    print(f"{group.name}: {' '.join(command)}, in {group.directory.relative_to(ROOT)}", flush=True)
    with (group.directory / "mutmut.log").open("w+") as log:
        status = subprocess.run(
            command, cwd=group.directory, stdout=log, stderr=subprocess.STDOUT, check=False
        ).returncode
        if status:
            log.seek(0)
            sys.exit(log.read().replace("\r", "\n")[-5000:] + f"\nmutmut failed in {group.directory}")


def name_mutants(module: str) -> str:
    """Return mutmut's pattern for the mutants of a module, or of one function in it."""
    path, _, function = module.partition("::")
    return path.removesuffix(".py").replace("/", ".") + (f".x_{function}__mutmut_*" if function else ".*")


def read_results(group: Group) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield mutmut's files of results and what is in them."""
    for path in sorted((group.directory / "mutants" / "dashboard").rglob("*.py.meta")):
        yield path, json.loads(path.read_text())


def read_mutants(group: Group) -> Iterator[Mutant]:
    """Yield the group's mutants that were tested."""
    for path, results in read_results(group):
        module = str(path.relative_to(group.directory / "mutants")).removesuffix(".meta")
        for name, code in results["exit_code_by_key"].items():
            if code == NOT_RUN:
                sys.exit(f"{name}: mutmut did not find its tests again; do their ids have other characters than ASCII?")
            if code is not None and any(fnmatch.fnmatch(module, pattern) for pattern in group.paths):
                yield Mutant(group, module, name, code in KILLED_CODES)


def print_scores(mutants: list[Mutant]) -> None:
    """Print a line for each module."""
    for module in dict.fromkeys(mutant.module for mutant in mutants):
        print_score(module, [mutant for mutant in mutants if mutant.module == module])


def print_score(title: str, mutants: list[Mutant]) -> None:
    """Print how many mutants there were, and how many of them were killed."""
    survived = sum(not mutant.is_killed for mutant in mutants)
    print(
        f"{title:50} {len(mutants):5} mutants {survived:4} survived {compute_killed_pct(mutants):6.1f} % killed",
        flush=True,
    )


def compute_killed_pct(mutants: list[Mutant]) -> float:
    """Return the share of killed mutants in percent, 100 of none."""
    return 100 * sum(mutant.is_killed for mutant in mutants) / len(mutants) if mutants else 100.0


def print_unexplained(mutants: list[Mutant]) -> None:
    """Print the survivors that docs/mutants.md does not explain, in the form in which it lists them."""
    explained = EXPLAINED.read_text(encoding="utf-8")
    for mutant in mutants:
        if not mutant.is_killed and (change := show_change(mutant)) not in explained:
            print(f"\nNot explained in {EXPLAINED.relative_to(ROOT)}, {mutant.name}:\n{change}", flush=True)


def show_change(mutant: Mutant) -> str:
    """Return the module, the lines that the mutant lacks, and those that it has instead."""
    shown = subprocess.run(
        [MUTMUT, "show", mutant.name], cwd=mutant.group.directory, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    changed = [line for line in shown.splitlines() if line[:1] in {"-", "+"} and line[:3] not in {"---", "+++"}]
    return "\n".join([f"# {mutant.module}", *changed])


if __name__ == "__main__":
    sys.exit(main())
