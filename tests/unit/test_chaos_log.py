"""The log of a campaign is gone on with, and its page tells what was wrong."""
from tests.chaos.page import page
from tests.chaos.rounds import MOMENTS, Log, Round, Upgrade, chosen

FAULTS, SECONDS = ["engine killed", "broker killed"], (5, 60)


def test_a_round_is_chosen_by_the_seed_and_its_number_alone():
    rounds = [chosen("14", number, FAULTS, SECONDS) for number in range(1, 200)]
    assert rounds == [chosen("14", number, FAULTS, SECONDS) for number in range(1, 200)]
    assert {(one.fault, one.moment) for one in rounds} == {
        (fault, moment) for fault in FAULTS for moment in MOMENTS}
    assert rounds != [chosen("15", number, FAULTS, SECONDS) for number in range(1, 200)]


def test_the_log_is_gone_on_with_behind_upgrades_that_never_ended(tmp_path, capsys):
    log = Log(tmp_path / "simulated-7.jsonl")
    log.add(Round(1, "engine killed", 5, "wave", 2.5, upgrades=[1, 2, 3]))
    log.add(Upgrade(1, end="upgraded"))
    again = Log(log.path)
    assert (again.next_round(), again.next_upgrade()) == (2, 4)
    assert (again.rounds, again.upgrades) == (log.rounds, log.upgrades)


def test_the_page_tells_what_was_wrong_and_by_which_faults(tmp_path, capsys):
    log = Log(tmp_path / "service-7.jsonl")
    log.add(Round(1, "engine killed", 5, "wave", 2.5, upgrades=[1, 2]))
    log.add(Round(2, "broker killed", 60, "release", 30, upgrades=[2]))
    log.add(Upgrade(1, end="upgraded"))
    assert "Nothing was wrong." not in (unfinished := page(tmp_path))
    assert "- not ended before the campaign did: upgrades 2\n" in unfinished
    log.add(Upgrade(2, "member 3 does not start", "failed", "the lock was not given back"))
    told = page(tmp_path)
    assert "- upgrade 2, struck by rounds 1, 2: the lock was not given back\n" in told
    assert "| engine killed | wave | 1 | 5 | 1 failed, 1 upgraded | 2, 2 | 1 |" in told
    assert "Seed 7: 2 rounds, 2 upgrades, 1 of them" in told
