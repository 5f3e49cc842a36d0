"""The embedded engine: what it promises when nothing goes wrong, and when it can't start."""
import contextlib
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
import requests
from mistralclient.api.base import APIException
from trove_upgrade.embedded import EmbeddedEngine, EngineError, running
from trove_upgrade.embedded.settings import STD_ACTIONS

from tests.embedded.walked import CASES, TRIES, cut
from tests.waits import PATIENCE_SEC, never, until

BIN = pathlib.Path(sys.executable).parent
MEMORY_KB = 300_000


def status(pid, key):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{key}:\s+(\d+)", text)[1])


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def settings(engine):
    """For stock openstack, as `trove-upgrade engine` prints them."""
    return {"OS_AUTH_TYPE": "none", "OS_ENDPOINT": engine.client_url}


def run(program, *arguments, **env):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
    return subprocess.run([BIN / program, *arguments], env={**clean, **env}, timeout=PATIENCE_SEC,
                          capture_output=True, text=True, check=False)


def test_ready_means_that_work_can_be_done(engine, mistral):
    found = json.loads(engine.files.ready.read_text())
    assert found == running(engine.files.directory) == {
        "url": engine.url, "pid": engine.pid, "token": engine.token}
    client = mistral(engine.client_url)
    assert client.end(client.start("sample.chain", count=1)).state == "SUCCESS"


def test_tasks_cost_little_memory(engine, mistral):
    """What they cost in time is measured by benchmarks/size.py."""
    client = mistral(engine.client_url)
    assert client.end(client.start("sample.chain", count=20)).state == "SUCCESS"
    assert status(engine.pid, "VmRSS") < MEMORY_KB
    assert "transport_url = trove-upgrade-memory://" in engine.files.settings.read_text()


def test_its_connection_to_the_database_is_kept_until_it_stops(make_engine, mistral):
    engine = make_engine()
    client = mistral(engine.client_url)
    assert client.end(client.start("sample.chain", count=1)).state == "SUCCESS"
    log = engine.files.database.with_name(f"{engine.files.database.name}-wal")
    never(lambda: not log.exists())         # the last connection that is closed removes it
    engine.stop()
    assert not log.exists()


def test_stock_mistral_command_works(engine, mistral):
    env = {"OS_MISTRAL_URL": engine.client_url}
    created = run("mistral", "execution-create", "-f", "json", "sample.step",
                  '{"name": "stock", "delay_sec": 0}', **env)
    assert created.returncode == 0, created.stderr
    execution = json.loads(created.stdout)["ID"]
    assert mistral(engine.client_url).end(execution).state == "SUCCESS"
    output = run("mistral", "execution-get-output", execution, **env)
    assert json.loads(output.stdout) == {"name": "stock"}


def test_stock_openstack_command_works(engine):
    listed = run("openstack", "workflow", "list", "-f", "json", **settings(engine))
    assert listed.returncode == 0, listed.stderr
    assert {"sample.chain", "sample.step", "sample.roll"} <= {
        row["Name"] for row in json.loads(listed.stdout)}


def test_inputs_and_noise_stay_out_of_log_and_output(engine, mistral):
    client = mistral(engine.client_url)
    client.end(client.start("sample.chain", count=1, secret="s3cr3t-in-the-input"))
    assert "s3cr3t-in-the-input" not in engine.files.log.read_text()
    assert engine.files.output.read_text() == ""
    assert engine.files.directory.stat().st_mode & 0o077 == 0


def test_who_does_not_know_the_token_gets_nothing(engine, mistral):
    form = {"workflow_name": "sample.chain", "wf_ex.workflow_name": "sample.chain"}
    page = {"Origin": "http://evil.example"}
    before = len(mistral(engine.client_url).client.executions.list())
    asked = [requests.get(f"{engine.url}/{what}", timeout=PATIENCE_SEC)
             for what in ("", "actions", "executions", "../healthcheck")]
    asked += [requests.post(f"{engine.client_url}/executions", timeout=PATIENCE_SEC, **how)
              for how in ({"data": form}, {"json": form, "headers": page},
                          {"json": form, "headers": {"Host": "evil.example"}})]
    assert [answer.status_code for answer in asked] == [401, 401, 401, 401, 415, 403, 403]
    assert len(mistral(engine.client_url).client.executions.list()) == before


def test_what_it_keeps_is_private_whatever_the_umask(make_engine):
    before = os.umask(0)
    try:
        engine = make_engine()
    finally:
        os.umask(before)
    kept = [engine.files.directory, *engine.files.directory.iterdir()]
    assert engine.files.database in kept
    assert [path for path in kept if path.stat().st_mode & 0o077] == []


def test_no_action_leaves_the_engine_s_process(engine, mistral):
    names = {one.name for one in mistral(engine.client_url).client.actions.list()}
    assert {name for name in names if name.startswith("std.")} == set(STD_ACTIONS)
    assert any(name.startswith("trove_upgrade.") for name in names)
    with pytest.raises(APIException, match=r"std\.ssh"):
        mistral(engine.client_url).client.action_executions.create(
            "std.ssh", {"cmd": "id", "host": "localhost", "username": "root"}, run_sync=True)


def test_one_engine_for_a_directory(engine):
    with pytest.raises(EngineError, match=re.escape(engine.url)):
        EmbeddedEngine(engine.files.directory, pack=False).start()
    assert running(engine.files.directory)["pid"] == engine.pid


def test_used_port_is_named(engine, tmp_path):
    port = int(engine.url.split(":")[2].split("/")[0])
    with pytest.raises(EngineError, match=f"port {port} can't be used"):
        EmbeddedEngine(tmp_path, pack=False, port=port).start()


@pytest.mark.parametrize("text", [b"version: '2.0'\nbroken: {tasks: {one: {on-succes: two}}}\n",
                                  b"version: '2.0'\nbr\xf6ken: {}\n"])
def test_broken_workflow_file_is_named(tmp_path, text):
    path = tmp_path / "broken.yaml"
    path.write_bytes(text)
    with pytest.raises(EngineError, match=r"broken\.yaml"):
        EmbeddedEngine(tmp_path / "engine", pack=False, workflows=[path]).start()
    assert running(tmp_path / "engine") is None


@pytest.mark.parametrize("text", [None, b"[api]\n# \xff\n", b"[api\n"])
def test_settings_that_can_not_be_read_are_named(tmp_path, text):
    path = tmp_path / "more.conf"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(EngineError, match=r"can't read the settings .*more\.conf: "):
        EmbeddedEngine(tmp_path / "engine", pack=False, config=path).start()


def test_sigterm_ends_it_cleanly(make_engine):
    engine = make_engine()
    os.kill(engine.pid, signal.SIGTERM)
    assert engine._process.wait(PATIENCE_SEC) == 0
    assert running(engine.files.directory) is None
    assert not engine.files.ready.exists()
    assert engine.files.output.read_text() == ""


def test_dies_with_its_parent(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", "import sys, time\nfrom trove_upgrade.embedded import "
         "EmbeddedEngine\nengine = EmbeddedEngine(sys.argv[1], pack=False).start()\n"
         "print(engine.pid, flush=True)\ntime.sleep(600)", str(tmp_path)],
        stdout=subprocess.PIPE, text=True)
    with parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    until(lambda: not alive(pid), "its end")


def test_changed_definition_is_updated_and_running_work_goes_on(make_engine, mistral, tmp_path):
    path = tmp_path / "changing.yaml"
    text = ("version: '2.0'\nchanging:\n  output: {word: %s}\n  tasks:\n"
            "    work:\n      action: std.echo\n      input: {output: 1, delay: 1}\n")
    path.write_text(text % "old")
    engine = make_engine(more=[path])
    execution = mistral(engine.client_url).start("changing")
    engine.stop()
    path.write_text(text.replace("      input", "      retry: {count: 9, delay: 0}\n      input")
                    % "new")
    engine.start()
    client = mistral(engine.client_url)
    assert client.end(execution).state in ("SUCCESS", "ERROR")     # it is not lost
    after = client.end(client.start("changing"))
    assert json.loads(after.output) == {"word": "new"}


def test_look_only_shows_the_file_and_runs_nothing(make_engine, mistral):
    engine = make_engine()
    execution = mistral(engine.client_url).start("sample.step", name="late", delay_sec=5)
    client = mistral(engine.client_url)
    until(lambda: client.client.action_executions.list(state="RUNNING"), "the action")
    engine.kill()
    looker = make_engine(look_only=True)
    assert mistral(looker.client_url).client.executions.get(execution).state == "RUNNING"
    states = {one.state for one in mistral(looker.client_url).client.action_executions.list()}
    assert states == {"RUNNING"}            # nobody has failed or repeated the lost action


def test_look_only_fires_no_cron_trigger(make_engine, mistral):
    engine = make_engine()
    mistral(engine.client_url).client.cron_triggers.create(
        "due", "sample.step", workflow_input={"name": "due", "delay_sec": 0}, count=1,
        first_time=(datetime.now() + timedelta(days=2)).strftime("%Y-%m-%d %H:%M"))
    engine.kill()
    with contextlib.closing(sqlite3.connect(engine.files.database)) as connection, connection:
        connection.execute("UPDATE cron_triggers_v2 SET next_execution_time = "
                           "'2026-01-01 00:00:00.000000'")
    looker = mistral(make_engine(look_only=True).client_url).client
    never(lambda: not looker.cron_triggers.list(), seconds=3)       # fired, it would be gone


@pytest.mark.parametrize("case", CASES)
def test_it_ends_as_the_walker_of_the_unit_tests_is_told(engine, mistral, case):
    workflow, inputs, state, output = CASES[case]
    client = mistral(engine.client_url)
    ended = client.end(client.start(workflow, **inputs))
    assert (ended.state, cut(json.loads(ended.output), output)) == (state, output)


@pytest.mark.parametrize("wanted", TRIES)
def test_it_tries_as_often_as_the_walker_of_the_unit_tests(engine, mistral, wanted):
    client = mistral(engine.client_url)
    started = client.start("sample.tries", **{"class": wanted})
    client.end(started)
    task, = client.client.tasks.list(workflow_execution_id=started)
    tries = client.client.action_executions.list(task_execution_id=task.id)
    assert len(tries) == TRIES[wanted]
