"""Deployments as CSV for spreadsheets: UTF-8 with a byte order mark, and no cell that is read as a formula."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import StringIO

from dashboard.core.view_types.deployments import ListedDeployment

COLUMNS = (
    "id", "url", "project", "environment", "state", "conclusion", "branch", "commit_hash", "commit_message",
    "triggered_by", "run_id", "attempt", "run_url", "started_at", "completed_at", "duration_s", "message", "error",
)  # fmt: skip
"""Named as in the API; `project` is the slug."""
MAX_ROWS = 100_000
BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel does not read the file as UTF-8."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(
    batches: Iterable[Sequence[ListedDeployment]], make_url: Callable[[int], str], max_rows: int = MAX_ROWS
) -> Iterator[str]:
    """Yield the file in pieces, one for each batch. A last line says if there may be more rows.

    `make_url` returns the absolute URL of a deployment's page.
    """
    yield BYTE_ORDER_MARK + _write_rows([COLUMNS])
    written = 0
    for batch in batches:
        written += len(batch)
        yield _write_rows(_list_cells(view, make_url(view["id"])) for view in batch)
    if written >= max_rows:
        yield _write_rows(
            [[f"only the newest {max_rows} deployments are exported; narrow the filters to get older ones"]]
        )


def _list_cells(view: ListedDeployment, url: str) -> list[str]:
    values: Mapping[str, object] = {**view, "url": url, "project": view["project"]["slug"]}
    return ["" if values[name] is None else defuse(str(values[name])) for name in COLUMNS]


def defuse(text: str) -> str:
    """Return the text with an apostrophe before it if a spreadsheet would read it as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _write_rows(rows: Iterable[Iterable[str]]) -> str:
    piece = StringIO()
    csv.writer(piece).writerows(rows)
    return piece.getvalue()
