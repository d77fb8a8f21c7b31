"""The table of states is complete, and the icons and shapes that it names exist."""

from dashboard.app import PACKAGE
from dashboard.core.words import State
from dashboard.pages.drawing.strip import SHAPES
from dashboard.pages.states import STATES, find_traits


def test_every_state_has_traits() -> None:
    assert STATES.keys() == set(State)
    assert find_traits(None) == find_traits("no state") == STATES[State.UNKNOWN]


def test_every_icon_is_a_file_and_every_shape_is_drawn() -> None:
    icons = {path.stem for path in (PACKAGE / "static" / "icons").iterdir()}
    assert {traits.icon for traits in STATES.values()} == icons
    assert {traits.shape for traits in STATES.values()} == SHAPES.keys()
