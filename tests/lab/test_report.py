"""What the report, the picture and the promises make of a journal."""
import json
from xml.etree import ElementTree

import pytest
from trove_upgrade.lab import history, promises, report, timeline
from trove_upgrade.lab.kinds.base import Member

pytestmark = pytest.mark.lab_double
def event(t, name, what, version, role="replica", **more):
    return {"t": t, "instance": f"id-{name}", "name": name, "event": what, "version": version,
            "role": role, **more}


def swap(name, begin, end, role="replica"):
    return [event(begin, name, "stopping", "8.1.8", role), event(end, name, "serving", "9.1.2")]


def journal_of(*swaps):
    return sorted((e for s in swaps for e in s), key=lambda e: e["t"])


GOOD = journal_of(swap("r1", 10, 13), swap("r2", 13.5, 16), swap("p1", 17, 20), swap("p2", 21, 24))


def member(name, version="8.1.8", role=None):
    role = role or ("primary" if name[0] == "p" else "replica")
    return Member(f"id-{name}", name, "127.0.0.1", 1, role, f"shard-{name[1]}", version, True, True)


def seen(journal, evidence="9.1.2", trove="", **more):
    names = ["p1", "p2", "r1", "r2"]
    load = {"operations": 100, "failed": 0, "acknowledged": 50, "lost": 0, "unreadable": 0,
            "appends": 40, "missing": 0, "duplicated": 0, "reordered": 0, "stale_reads": 0,
            "longest_gap_sec": 0.1, "longest_shard_gap_sec": 0.2, "max_latency_sec": 0.05,
            "gaps": [{"scope": "shard-1", "from": 18.0, "to": 19.0, "sec": 1.0}],
            "from": 7.0, "to": 30.0, **more.pop("workload", {})}
    facts = {"datastore": "redis", "outage": False, "status": "upgraded",
             "from_version": "8.1.8", "to_version": "9.1.2",
             "before": [member(n) for n in names], "after": [member(n, evidence) for n in names],
             "trove": {"version": "9.1.2", "task": "NONE", "members": {
                 n: {"status": "ACTIVE", "version": trove or evidence} for n in names}},
             "journal": journal, "calls": [{"t": 11, "status": 200}, {"t": 12, "status": 503},
                                           {"t": 99, "status": 200}],
             "workload": load, "begun": 9.5, "ended": 25.0, "result": {"failed": []}}
    return report.Observed(**{**facts, **more})


def test_times_away_waves_and_critical_path():
    made = report.make(seen(GOOD))
    assert [wave["members"] for wave in made["waves"]] == [["r1"], ["r2"], ["p1"], ["p2"]]
    assert made["critical_path_sec"] == pytest.approx(3 + 2.5 + 3 + 3)
    assert made["elapsed_sec"] == pytest.approx(15.5)
    assert {m["name"]: m["unavailable_sec"] for m in made["members"]} == {
        "p1": 3, "p2": 3, "r1": 3, "r2": 2.5}
    assert made["trove_calls"] == {"total": 2, "per_member": 0.5, "failed": 1}


def test_the_report_has_the_agreed_keys():
    made = report.make(seen(GOOD))
    assert {"status", "from_version", "to_version", "members", "waves", "workload",
            "elapsed_sec", "critical_path_sec"} <= made.keys()
    assert {"name", "role", "shard", "from", "to", "evidence", "unavailable_sec"} <= \
        made["members"][0].keys()
    assert json.loads(json.dumps(made)) == made


def test_members_away_together_are_one_wave():
    journal = journal_of(swap("r1", 10, 13), swap("r2", 10.1, 13.6), swap("p1", 14, 17))
    waves = history.waves(history.absences(journal), 20)
    assert [wave["members"] for wave in waves] == [["r1", "r2"], ["p1"]]
    assert waves[0]["longest_unavailable_sec"] == pytest.approx(3.5)


def test_who_never_comes_back_is_away_till_the_end():
    journal = [event(10, "r1", "stopping", "8.1.8"),
               event(11, "r1", "failed", "8.1.8", reason="exit code 1")]
    away = history.absences(journal)[0]
    assert (away.end, away.failures, away.seconds(15)) == (None, ["exit code 1"], 5)


def test_a_second_stop_while_away_is_the_same_absence():
    journal = [event(10, "r1", "stopping", "8.1.8"), event(11, "r1", "failed", "8.1.8", reason="x"),
               event(12, "r1", "stopping", "8.1.8", ""), event(14, "r1", "serving", "8.1.8")]
    found = history.absences(journal)
    assert [(away.begin, away.end, away.back_on) for away in found] == [(10, 14, "8.1.8")]


def test_what_was_before_the_upgrade_does_not_count():
    assert history.absences(GOOD, since=16.5)[0].name == "p1"


MEMBERS = [{"name": n, "role": "primary" if n[0] == "p" else "replica", "shard": f"shard-{n[1]}"}
           for n in ("p1", "r1", "p2", "r2")]


def test_replicas_first_holds_shard_by_shard():
    found = history.absences(GOOD)
    assert history.replicas_first(found, MEMBERS, "9.1.2") == {"shard-1": True, "shard-2": True}


@pytest.mark.parametrize("journal", [
    journal_of(swap("r1", 10, 13), swap("p2", 14, 17), swap("r2", 18, 20), swap("p1", 21, 24)),
    journal_of(swap("r1", 10, 13), swap("r2", 14, 17), swap("p2", 16.5, 19), swap("p1", 21, 24)),
    journal_of(swap("r1", 10, 13), swap("p1", 21, 24), swap("p2", 25, 26)),
], ids=["primary before", "primary too early", "replica never"])
def test_replicas_first_is_false_when_it_was_not_so(journal):
    found = history.absences(journal)
    assert history.replicas_first(found, MEMBERS, "9.1.2") == {"shard-1": True, "shard-2": False}


def test_a_good_demo_keeps_all_promises():
    assert promises.broken("demo", report.make(seen(GOOD))) == []


@pytest.mark.parametrize(("change", "word"), [
    ({"evidence": "8.1.8"}, "new version"),
    ({"trove": "8.1.8"}, "Trove says"),
    ({"workload": {"failed": 1}}, "operation"),
    ({"workload": {"lost": 1}}, "lost"),
    ({"workload": {"unreadable": 1}}, "unreadable"),
    ({"workload": {"missing": 1}}, "append"),
    ({"workload": {"duplicated": 1}}, "append"),
    ({"workload": {"reordered": 1}}, "append"),
    ({"workload": {"stale_reads": 1}}, "append"),
    ({"journal": journal_of(swap("p1", 10, 13), swap("p2", 14, 15), swap("r1", 16, 18),
                            swap("r2", 19, 20))}, "replicas"),
    ({"journal": journal_of(swap("r1", 10, 13), swap("r2", 14, 15), swap("p1", 16, 18, "primary"),
                            swap("p2", 19, 20))}, "while it was a primary"),
])
def test_each_promise_of_the_demo_can_break(change, word):
    broken = promises.broken("demo", report.make(seen(**{"journal": GOOD, **change})))
    assert len(broken) == 1
    assert word in broken[0]


FAILED = journal_of(swap("r1", 10, 13), [
    event(14, "r2", "stopping", "8.1.8"), event(15, "r2", "failed", "8.1.8", reason="exit code 1"),
    event(18, "r2", "serving", "8.1.8"), event(19, "r1", "stopping", "9.1.2"),
    event(22, "r1", "serving", "8.1.8")])


def test_a_failure_that_was_undone_and_named_keeps_the_promises():
    result = {"failed": [{"id": "id-r2", "name": "r2", "version": "8.1.8"}]}
    made = report.make(seen(FAILED, "8.1.8", result=result))
    assert promises.broken("demo-failure", made) == []
    assert made["members"][3]["failures"] == ["exit code 1"]


@pytest.mark.parametrize("failed", [[], ["r1"], ["r1", "r2"]])
def test_a_failure_that_is_not_named_rightly_breaks_them(failed):
    made = report.make(seen(FAILED, "8.1.8", result={"failed": failed}))
    assert len(promises.broken("demo-failure", made)) == 1


def test_a_demo_failure_in_which_nothing_failed_breaks_them():
    made = report.make(seen(GOOD, "8.1.8", result={"failed": []}))
    assert len(promises.broken("demo-failure", made)) == 1


def test_the_text_has_a_line_a_member_and_the_clients_view():
    lines = report.text(report.make(seen(FAILED, "8.1.8"))).splitlines()
    assert "8.1.8 to 9.1.2 in 15.5 s" in lines[0]
    assert [line.split()[0] for line in lines[1:5]] == ["p1", "p2", "r1", "r2"]
    assert "! exit code 1" in lines[4]
    assert "0 lost" in lines[5]
    assert "40 acknowledged appends, 0 missing, 0 duplicated, 0 reordered, 0 stale" in lines[6]
    assert "4 x ACTIVE 8.1.8" in lines[-1]


# The picture
def drawing(journal):
    made = report.make(seen(journal))
    return timeline.Timeline(made, journal)


def test_the_picture_is_svg_with_a_lane_a_member_and_the_gaps():
    root = ElementTree.fromstring(drawing(GOOD).svg())  # noqa: S314  our own text
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"p1", "p2", "r1", "r2", "anywhere", "shard-1", "shard-2"} <= set(texts)
    hints = [t.text for t in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "r1 away 3.0 s, stopped as replica" in hints
    assert "1.00 s" in hints


def test_bars_lie_where_the_times_are():
    picture = drawing(GOOD)
    picture.svg()
    bars = [part for part in picture.parts if timeline.AWAY in part and "<title>" in part]
    assert len(bars) == 4
    pixel = (timeline.WIDTH - timeline.LEFT - timeline.RIGHT) / 23      # the load's 23 s
    assert f'x="{timeline.LEFT + 3 * pixel:.1f}"' in bars[2]            # r1, 3 s after its start
    assert f'width="{3 * pixel:.1f}"' in bars[2]


def test_a_failure_has_its_own_colour_and_says_why():
    bar = next(part for part in _drawn(FAILED) if "exit code 1" in part)
    assert timeline.FAILED in bar


def test_names_cannot_break_the_picture():
    hint = event(10, "r1", "stopping", "8.1.8")
    broken = event(11, "r1", "failed", "8.1.8", reason='<b>&"')
    ElementTree.fromstring(drawing([hint, broken]).svg())  # noqa: S314  our own text


def _drawn(journal):
    picture = drawing(journal)
    picture.svg()
    return picture.parts


def test_two_pictures_stand_below_each_other_under_their_titles(tmp_path):
    one = drawing(GOOD).svg()
    (tmp_path / "one.svg").write_text(one)
    timeline.main(str(tmp_path / "both.svg"), f"Trove's own={tmp_path}/one.svg",
                  f"A & B={tmp_path}/one.svg")
    both = ElementTree.fromstring((tmp_path / "both.svg").read_text())  # noqa: S314  our own text
    inner = both.findall("{http://www.w3.org/2000/svg}svg")
    height = int(ElementTree.fromstring(one).get("height"))  # noqa: S314
    assert [int(each.get("y")) for each in inner] == [
        timeline.ABOVE, 2 * timeline.ABOVE + height]
    assert int(both.get("height")) == 2 * (timeline.ABOVE + height)
    assert [each.text for each in both.findall("{http://www.w3.org/2000/svg}text")] == [
        "Trove's own", "A & B"]
