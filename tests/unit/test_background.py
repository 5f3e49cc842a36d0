"""What rests during a roll: actions that are sent to an executor before they run."""
import json
import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself
    from trove_upgrade.actions.wave import ResumeBackground, SuspendBackground


@pytest.mark.parametrize("action", [SuspendBackground, ResumeBackground])
def test_an_action_keeps_nothing_that_is_lost_on_its_way(action):
    made = vars(action("owner-1"))
    assert json.loads(json.dumps(made)) == made
