"""Starts that go wrong, holds that nobody gives back, and many at once."""
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.trove_api.apis import UPGRADING
from tests.waits import PATIENCE_SEC, until

XDIST_GROUP = "apis 1"
NEW = "9.1.2"


def age(apis, cluster, seconds=120):
    """Let the hold have begun so long ago; since when it is now."""
    apis.sql("update clusters set updated = datetime(updated, ?) || '.000000' where id = ?",
             f"-{seconds} seconds", cluster.id)
    return apis.task(cluster)["since"]


def start_of(cluster, since):
    """The id that an execution started at Trove's API has."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"trove-upgrade:{cluster.id}:{since}"))


def test_mistral_starts_one_execution_of_an_id(apis):
    """What the starts rely on."""
    body = {"id": str(uuid.uuid4()), "workflow_name": "tests.hold"}
    made = [requests.post(f"{apis.mistral}/executions", json=body, timeout=PATIENCE_SEC).json()
            for _ in range(2)]
    assert made[0]["id"] == made[1]["id"] == body["id"]
    assert made[0]["created_at"] == made[1]["created_at"]
    apis.end(body["id"])


# Mistral away, slow, or lossy

def test_answer_of_mistral_lost_after_the_start_is_a_start(apis, cluster):
    with apis.gate.mode("lost_replies"):
        answer = apis.patch(cluster, NEW)
    assert answer.status_code == 202
    assert apis.execution(answer.headers["Location"].rsplit("/", 1)[1])


@pytest.mark.parametrize("mode", ["lost_posts", "refusing"])
def test_start_that_did_not_reach_mistral_is_given_up_at_once(apis, cluster, mode):
    with apis.gate.mode(mode):
        answer = apis.patch(cluster, NEW)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "17")
    assert "Nothing was changed" in answer.text
    assert apis.task(cluster)["task"] == "NONE"
    assert apis.patch(cluster, NEW).status_code == 202


def test_start_that_mistral_answers_too_slowly_is_given_up(apis, cluster):
    with apis.gate.mode("hanging"):
        answer = apis.patch(cluster, NEW)
    assert answer.status_code == 503          # Mistral was still silent
    assert apis.task(cluster)["task"] == "NONE"


def test_caller_without_the_right_to_start_workflows(apis, cluster):
    with apis.gate.mode("forbidding"):
        answer = apis.patch(cluster, NEW)
    assert (answer.status_code, "It is said so" in answer.text) == (403, True)
    assert apis.task(cluster)["task"] == "NONE"


def test_start_that_may_have_been_lost_is_given_back_when_mistral_answers_again(apis, cluster):
    with apis.gate.mode("lost_requests"):
        answer = apis.patch(cluster, NEW)
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        assert "can't be told yet" in answer.text
        assert apis.task(cluster)["task"] == "UPGRADING_CLUSTER"
    until(lambda: apis.task(cluster)["task"] == "NONE", "given back")


def test_start_that_a_frozen_mistral_gets_to_see_later_stays_held(apis, cluster):
    """The hold stays as long as its execution may live; that execution ends it."""
    with apis.mistral_frozen():
        answer = apis.patch(cluster, NEW)
        assert (answer.status_code, "can't be told yet" in answer.text) == (503, True)
        since = apis.task(cluster)["since"]
    until(lambda: apis.execution(start_of(cluster, since)), "the start")


# Holds that nobody gives back

def test_trove_api_killed_between_hold_and_start(apis, cluster):
    with ThreadPoolExecutor(1) as pool, apis.gate.mode("hanging"):
        asked = pool.submit(apis.patch, cluster, NEW)
        until(lambda: ("POST", "/v2/executions") in apis.gate.seen[-1:], "the start",
              every=0.02)
        apis.kill()
        assert asked.exception(timeout=PATIENCE_SEC)
    assert apis.sql("select task_id from clusters where id = ?", cluster.id) == [(UPGRADING,)]
    apis.start()
    early = apis.patch(cluster, NEW)
    assert (early.status_code, "being started" in early.text) == (422, True)
    age(apis, cluster)
    assert apis.patch(cluster, NEW).text == "{}"


def test_live_or_paused_owner_is_named_and_never_robbed(apis, cluster):
    apis.take(cluster)
    owner = apis.hold_execution()
    apis.record(cluster, owner)
    since = age(apis, cluster)
    for _ in range(2):
        answer = apis.patch(cluster, NEW)
        assert answer.status_code == 422
        assert f"Execution {owner} upgrades this cluster." in answer.text
    assert apis.task(cluster)["since"] == since
    apis.end(owner)
    assert apis.patch(cluster, NEW).status_code == 202


def test_owner_that_has_not_recorded_itself_yet_is_named(apis, cluster):
    owner = start_of(cluster, apis.take(cluster))
    requests.post(f"{apis.mistral}/executions", timeout=PATIENCE_SEC,
                  json={"id": owner, "workflow_name": "tests.hold"}).raise_for_status()
    assert f"Execution {owner} upgrades this cluster." in apis.patch(cluster, NEW).text
    apis.end(owner)
    assert apis.patch(cluster, NEW).status_code == 202


def test_hold_of_an_ended_owner_is_taken_over_at_once(apis, cluster):
    owner = apis.hold_execution()
    apis.record(cluster, owner, apis.take(cluster))
    apis.end(owner)
    assert apis.patch(cluster, NEW).status_code == 202


def test_record_of_an_earlier_run_says_nothing_of_a_young_hold(apis, cluster):
    owner = apis.hold_execution()
    apis.end(owner)
    apis.record(cluster, owner, "2020-01-01T00:00:00")
    apis.take(cluster)
    answer = apis.patch(cluster, NEW)
    assert (answer.status_code, "being started" in answer.text) == (422, True)
    age(apis, cluster)
    assert apis.patch(cluster, NEW).status_code == 202


def test_nothing_is_taken_over_while_mistral_is_away(apis, cluster):
    apis.take(cluster)
    since = age(apis, cluster)
    with apis.gate.mode("closed"):
        answer = apis.patch(cluster, NEW)
    assert (answer.status_code, "Mistral does not tell" in answer.text) == (422, True)
    assert apis.task(cluster)["since"] == since


# Many at once

def test_of_fifty_starts_at_once_one_wins(apis, cluster):
    asks = [apis.patch, apis.post] * 25
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda ask: ask(cluster, NEW), asks))
    codes = Counter(answer.status_code for answer in answers)
    assert codes == {202: 1, 422: 49}
    words = {answer.json()["unprocessableEntity"]["message"] for answer in answers
             if answer.status_code == 422}
    assert all("upgrade" in each.lower() for each in words), words


def test_of_fifty_takeovers_at_once_one_wins(apis, cluster):
    apis.take(cluster)
    age(apis, cluster)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: apis.patch(cluster, NEW), range(50)))
    assert Counter(answer.status_code for answer in answers) == {202: 1, 422: 49}
