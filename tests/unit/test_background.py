"""What rests during a roll: actions that are sent to an executor before they run."""
import json
import warnings

import pytest

from tests.unit.conftest import plan_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself
    from trove_upgrade.actions.wave import ResumeBackground, SuspendBackground


@pytest.mark.parametrize("action", [SuspendBackground, ResumeBackground])
def test_an_action_keeps_nothing_that_is_lost_on_its_way(action, cluster):
    made = vars(action(plan_of(cluster)))
    assert json.loads(json.dumps(made)) == made
