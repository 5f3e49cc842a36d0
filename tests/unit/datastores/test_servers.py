"""What the drivers' clients have in common."""
import time

from trove_upgrade.datastores.base import DatastoreError, Facts, Member, check
from trove_upgrade.datastores.polling import wait_until
from trove_upgrade.datastores.servers import AskedAtOnce


def test_a_wait_asks_at_least_once_and_ends_at_its_deadline():
    answers = iter([False, False, True])
    assert wait_until(lambda: next(answers), time.monotonic() + 60, 0)
    assert wait_until(lambda: True, 0, 60)
    assert not wait_until(lambda: False, 0, 60)


class Half(AskedAtOnce):
    """Every second member is unreachable."""

    def answer(self, member):
        if member.name == "b":
            raise DatastoreError("no_answer", "b: gone", passing=True, instance=member.id)
        return {"version": member.name}


def test_a_silent_member_is_in_the_answers_too():
    assert Half({}).ask_all([Member("1", "a"), Member("2", "b")]) == {
        "1": {"version": "a"}, "2": {"error": "b: gone", "code": "no_answer"}}


def test_a_member_can_be_asked_again_by_its_facts_alone():
    assert Facts("1", "a", address="10.0.0.1").member == Member("1", "a", "10.0.0.1")


def test_a_check_tells_each_complaint_once():
    assert check("one", ["a", "b", "a"], "Fine.", "Mend it.").message == "a; b."
    assert check("one", [], "Fine.", "Mend it.").remedy == ""
