"""The constants that both the server and the scripts need. `base.html` writes them into the page as JSON.

Each constant is defined in the module that it belongs to; the scripts read them through `static/js/constants.js` and
have no copy of their own. `make translations` writes them into `tests/js/constants.json`, for the tests of the scripts.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from jinja2.utils import htmlsafe_json_dumps

from dashboard.core.view_types.projects import MAX_OUTCOMES, OutcomeView
from dashboard.core.words import PROJECT_UPDATED, RUN_PREFIX, RUN_UPDATED, SIBLINGS_PREFIX, EventKind
from dashboard.pages import lists, overview_grouping
from dashboard.pages.drawing import gantt, strip
from dashboard.pages.states import RANKS, STATES
from dashboard.queries.overview import MAX_RECENT

CONSTANTS: dict[str, dict[str, Any]] = {
    "states": {state: {**asdict(traits), "rank": RANKS[state]} for state, traits in STATES.items()},
    "strip": {
        "slot_width": strip.SLOT_WIDTH,
        "height": strip.HEIGHT,
        "min_bar_height": strip.MIN_BAR_HEIGHT,
        "max_bar_height": strip.MAX_BAR_HEIGHT,
        "shapes": strip.SHAPES,
    },
    "gantt": {
        "width": gantt.WIDTH,
        "min_bar_width": gantt.MIN_BAR_WIDTH,
        "round_spans_ms": gantt.ROUND_SPANS_MS,
    },
    "lists": {
        "max_cards": lists.MAX_CARDS,
        "max_recent": MAX_RECENT,
        "max_outcomes": MAX_OUTCOMES,
        "outcome_fields": list(OutcomeView.__annotations__),
    },
    "overview": {
        "groups": overview_grouping.GROUPS,
        "sorts": overview_grouping.SORTS,
        "hide": overview_grouping.HIDE,
        "defaults": asdict(overview_grouping.Choices()),
        "quiet_after_ms": overview_grouping.QUIET_AFTER // timedelta(milliseconds=1),
        "max_search_length": overview_grouping.MAX_SEARCH_LENGTH,
    },
    "live": {
        "event_kinds": list(EventKind),
        "deployment_completed": EventKind.DEPLOYMENT_COMPLETED,
        "siblings_prefix": SIBLINGS_PREFIX,
        "project_updated": PROJECT_UPDATED,
        "run_prefix": RUN_PREFIX,
        "run_updated": RUN_UPDATED,
    },
}
CONSTANTS_JSON = htmlsafe_json_dumps(CONSTANTS, separators=(",", ":"))
"""The same as JSON that is safe in a `<script type="application/json">`."""
