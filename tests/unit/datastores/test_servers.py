"""What the drivers' clients have in common."""
import time

from trove_upgrade.datastores.base import DatastoreError, Facts, Member, check
from trove_upgrade.datastores.polling import wait_until
from trove_upgrade.datastores.servers import AskedAtOnce, understood


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


MEMBERS = [Member(one, one) for one in "abc"]


def build(members, answers):
    """Facts that can't be made of what is no number, nor of too different ones."""
    said = {one.id: answers[one.id] for one in members if "error" not in answers[one.id]}
    numbers = sorted(one["n"] + 0 for one in said.values())
    if numbers and numbers[-1] > 100 * numbers[0]:
        raise OverflowError
    return {one.id: Facts(one.id, one.name, answers=one.id in said,
                          problems=() if one.id in said else (answers[one.id]["error"],))
            for one in members}


def test_who_can_not_be_understood_has_not_answered_and_the_others_have():
    for lie, kind in (("many", "TypeError"), (None, "TypeError"), (1000, "OverflowError")):
        facts = understood(MEMBERS, {"a": {"n": 1}, "b": {"n": lie}, "c": {"n": 2}}, build)
        assert [one.answers for one in facts.values()] == [True, False, True]
        assert facts["b"].problems == (f"b gives an answer that can't be understood ({kind})",)


def test_where_all_lie_nobody_has_answered():
    facts = understood(MEMBERS, {one: {"n": None} for one in "abc"}, build)
    assert not any(one.answers for one in facts.values())


def test_texts_of_servers_are_shown_on_one_line_and_cut():
    owned = "\x1b]0;owned\x07\n\u202e" + "a" * 10_000
    for text in (DatastoreError("no_answer", owned).message, check("one", [owned], "", "").message,
                 Facts("1", "a", problems=(owned,)).problems[0],
                 Facts("1", "a", version=owned).version):
        assert text.startswith("\\x1b]0;owned\\x07\\n\\u202eaaa")
        assert text.isprintable()
        assert len(text) < 3000


def test_a_servers_own_full_stop_is_not_doubled():
    told = check("native_access", ["m1 refuses: Authentication failed."], "All well.", "Let it in.")
    assert told.message == "m1 refuses: Authentication failed."
