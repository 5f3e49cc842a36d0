"""Who was put back, by what the run has written down of its waves."""
import pytest
from trove_upgrade.datastores.base import Member
from trove_upgrade.planning.undo import put_back
from trove_upgrade.planning.waves import brought

from tests.unit.conftest import version

TARGET = version("9.1.2")


def wave(back, number=1, done=("a",), members=("b", "c")):
    return {"back": back, "number": number, "done": list(done),
            "members": dict.fromkeys(members)}


def test_those_of_the_waves_before_and_those_in_hand_that_trove_has_put_back():
    members = [Member("a", "a", version="8.1.8"), Member("b", "b", version="8.1.8"),
               Member("c", "c", version="9.1.2"), Member("d", "d", version="8.1.8")]
    assert put_back(wave(back=True), members, TARGET) == ["a", "b"]
    assert put_back(wave(back=False), members, TARGET) == []


@pytest.mark.parametrize(("waves", "found"), [
    (0, []),                    # it has just begun: what another has chosen is not its own
    (1, ["a"]),                 # the wave in hand is chosen once more
    (2, ["a", "b", "c"])])
def test_the_wave_in_hand_counts_when_it_has_ended_well(waves, found):
    assert brought(wave(back=True), waves) == found
