"""Who goes, and who waits at which place: the same answer for each that asks."""
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trove_upgrade.planning import queue
from trove_upgrade.planning.queue import ADMITTED, Limits, Ticket

WIDE = Limits(3, 3)


def tickets(*told):
    """``a1`` of project a waits, ``A1`` is under way; they were created in this order."""
    return [Ticket(one, one[0].lower(), f"2026-01-01 00:00:{number:02}", admitted=one[0].isupper())
            for number, one in enumerate(told)]


def places(waiting, limit):
    """{run: its place} of all that are not admitted."""
    told = {one.run: queue.turn(waiting, one.run, limit) for one in waiting}
    return {run: one["place"] for run, one in told.items() if not one["admitted"]}


@pytest.mark.parametrize(("waiting", "limit", "expected"), [
    (tickets("a1", "a2", "a3", "a4", "a5"), WIDE, {"a4": 4, "a5": 5}),
    (tickets("A1", "A2", "A3", "a4", "b5"), WIDE, {"a4": 2, "b5": 1}),
    (tickets("A1", "a2", "a3", "b4"), Limits(3, 2), {"a3": 3}),
    (tickets("A1", "A2", "a3", "b4", "c5", "d6"), Limits(4, 2), {"a3": 4, "d6": 3}),
    (tickets("A1", "A2", "A3", "A4"), Limits(2, 1), {})])       # the limit was lowered
def test_who_waits_at_which_place(waiting, limit, expected):
    assert places(waiting, limit) == expected


def test_who_goes_back_goes_first():
    first, second = tickets("a1", "a2")
    assert places([first, dataclasses.replace(second, back=True)], Limits(1, 1)) == {"a1": 2}


def test_who_is_paused_has_no_place():
    assert queue.turn(tickets("a1"), "gone", WIDE) == {
        "admitted": False, "place": 0, "of": 1, "wait_sec": queue.SHORTEST_SEC}


@pytest.mark.parametrize(("asked", "expected"), [
    ({"engines": 1}, Limits(10, 5)), ({"engines": 3}, Limits(30, 15)),
    ({"engines": 3, "at_once": 7}, Limits(7, 4)),
    ({"engines": 1, "of_project": 2}, Limits(10, 2)),
    ({"engines": 1, "of_project": 2, "one_user": True}, Limits(10, 10))])
def test_limits(asked, expected):
    assert queue.limits(**asked) == expected


def told(place, wait_sec):
    return {"admitted": False, "place": place, "of": 200, "wait_sec": wait_sec}


@pytest.mark.parametrize(("place", "last", "expected"), [
    (1, None, 6), (200, None, 205), (1000, None, 300),
    (180, told(200, 205), 300), (10, told(20, 25), 25), (4, told(20, 25), 6),
    (1, told(1, 5), 10), (1, told(1, 300), 15), (0, told(0, 5), 10), (0, told(3, 8), 5)])
def test_it_asks_the_sooner_the_nearer_its_turn_is(place, last, expected):
    assert queue.wait_sec(place, last) == expected


RUNS = st.lists(st.builds(
    Ticket, st.uuids().map(str), st.sampled_from("abc"), st.integers(0, 5).map(str),
    st.booleans(), st.booleans()), max_size=12, unique_by=lambda one: one.run)
LIMITS = st.builds(Limits, st.integers(1, 6), st.integers(1, 6))


def project_of(one, under_way):
    return sum(each.project_id == one.project_id for each in under_way)


@given(RUNS, LIMITS)
def test_from_one_view_never_more_go_than_may_and_no_room_is_left_that_somebody_may_take(
        seen, limit):
    before = [one for one in seen if one.admitted]
    after = [one for one in seen if queue.turn(seen, one.run, limit) == ADMITTED]
    new = [one for one in after if not one.admitted]
    assert len(after) <= max(limit.at_once, len(before))
    assert {one.run for one in before} <= {one.run for one in after}
    assert all(project_of(one, after) <= limit.of_project for one in new)
    waiting = [one for one in seen if one not in after]
    if len(after) < limit.at_once:
        assert all(project_of(one, after) >= limit.of_project for one in waiting)


@given(RUNS, st.integers(1, 6))
def test_places_tell_the_order_in_which_they_go(seen, at_once):
    limit = Limits(at_once, len(seen) + 1)
    waiting = sum(not one.admitted for one in seen)
    expected = sorted((place, run) for run, place in places(seen, limit).items())
    assert [place for place, _ in expected] == [*range(waiting + 1)][1 + waiting - len(expected):]
    assert [run for _, run in expected] == served(seen, limit)[waiting - len(expected):]


@given(RUNS, LIMITS)
def test_everybody_has_a_turn_and_nobody_of_a_project_before_an_older_one(seen, limit):
    order = served(seen, limit)
    assert sorted(order) == sorted(one.run for one in seen if not one.admitted)
    for project in "abc":
        mine = [one for one in seen if one.project_id == project and not one.admitted]
        expected = sorted(mine, key=lambda one: (not one.back, one.created, one.run))
        assert [run for run in order if run in {one.run for one in mine}] == [
            one.run for one in expected]


def served(seen, limit):
    """In which order they go when those under way end one after the other."""
    order, now = [], list(seen)
    while now:
        new = [one for one in sorted(now, key=lambda one: (not one.back, one.created, one.run))
               if not one.admitted and queue.turn(now, one.run, limit) == ADMITTED]
        order += [one.run for one in new]
        now = [dataclasses.replace(one, admitted=one.admitted or one in new) for one in now]
        now.remove(next(one for one in now if one.admitted))
    return order
