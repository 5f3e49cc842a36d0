"""Foreign texts on a terminal, and terminals that can't show them."""
import http.server
import io
import json
import subprocess
import sys
import threading
import types

import pytest
from rich.console import Console
from trove_upgrade.interfaces import live, progress, report
from trove_upgrade.interfaces.errors import ServiceError
from trove_upgrade.interfaces.osc.control import List, Show
from trove_upgrade.interfaces.shapes import Upgrade
from trove_upgrade.interfaces.terminal import Output, duration, shown

from tests.interfaces import trees
from tests.waits import PATIENCE_SEC

EVIL = "orders\x1b]0;owned\x07\x9b2K\r\nok: all\x08 members \u202eupgraded\u2066\u200f\u2028!"
SAFE = "orders\\x1b]0;owned\\x07\\x9b2K ok: all\\x08 members \\u202eupgraded\\u2066\\u200f\\u2028!"
PLAIN = "K\xf6ln \u6771\u4eac \U0001f418"
TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
MARKUP = "[red]x[/red][link=http://evil]click[/link][/b]"


def obeyed(text):
    """Characters of the output that a terminal would obey, line feeds left out."""
    return {one for one in text if not one.isprintable()} - {"\n"}


@pytest.mark.parametrize(("text", "expected"), [
    (EVIL, SAFE), (MARKUP, MARKUP), (PLAIN, PLAIN), ("a\tb\n\n  c", "a b c"),
    ("K\udcf6ln", "K\\udcf6ln"), ("\ufeff\u00ad\u200b", "\\ufeff\\xad\\u200b"),
    (ValueError("a\rb"), "a\\rb"), ("", ""), ("C:\\x1b", "C:\\x1b")])
def test_text_is_one_line_that_a_terminal_shows(text, expected):
    assert shown(text) == expected
    assert obeyed(shown(text)) == set()


def test_every_character_that_controls_or_turns_is_shown():
    controls = "".join(map(chr, [*range(32), *range(127, 160)]))
    assert set(shown(controls + TURNING)).isdisjoint({*controls, *TURNING})


@pytest.fixture
def evil():
    """A Progress whose every foreign text is evil."""
    members = [progress.Member(f"{number}", name, EVIL, EVIL, EVIL, state)
               for number, (name, state) in enumerate([(EVIL, "failed"), (MARKUP, EVIL)])]
    result = {key: [{"id": "0", "name": EVIL, "version": EVIL}]
              for key in ("upgraded", "failed", "todo")}
    return progress.Progress(
        "x", "ERROR", EVIL, message="Trove calls " + EVIL, cluster=EVIL, from_version=EVIL,
        to_version=MARKUP, waves=[members], result={**result, "notes": [EVIL], "undo": EVIL})


def test_progress_and_result_line_by_line(evil):
    stream = io.StringIO()
    report.reporter(stream, plain=True)(evil)
    lines = [*report.result_lines(evil), *report.progress_lines(evil)]
    assert obeyed(stream.getvalue() + "".join(lines)) == set()
    assert SAFE in stream.getvalue()
    assert all("\n" not in line for line in lines)


def poisoned(value, key=""):
    """The document with evil texts in place of those that others choose."""
    if isinstance(value, dict):
        return {name: poisoned(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [poisoned(one, key) for one in value]
    chosen = key in ("name", "message", "remedy", "domain", "role", "version", "notes", "steps")
    return value + EVIL if chosen and isinstance(value, str) else value


def test_plan_line_by_line():
    lines = report.plan_lines(poisoned(trees.PLAN))
    assert sum(SAFE in line for line in lines) > len(trees.PLAN["members"])
    assert obeyed("".join(lines)) == set()


@pytest.mark.parametrize("state", ["ERROR", "RUNNING"])
def test_table_that_is_redrawn(evil, state):
    evil.state = state
    stream = io.StringIO()
    console = Console(file=stream, width=1000, color_system=None)
    drawn = live.Live(console)
    drawn(evil)
    console.print(drawn._head(evil))
    for part in live._table(evil, 1000):
        console.print(part)
    assert obeyed(stream.getvalue()) == set()
    assert MARKUP in stream.getvalue()


class Upgrades:
    """The Python API, as far as the commands need it here."""

    def __init__(self, look):
        self.look = look

    def show(self, what):
        if what == "nothing":
            raise ServiceError("Trove says: " + EVIL)
        return self.look

    def list(self, *_, **__):
        return [Upgrade("x", "upgrade", EVIL, EVIL, "ERROR", EVIL, "then", "now")]


def openstack(kind, look, *arguments):
    """What a command of `openstack` prints."""
    out = io.StringIO()
    app = types.SimpleNamespace(stdout=out, client_manager=types.SimpleNamespace(
        database_upgrade=Upgrades(look)))
    command = kind(app, None)
    command.run(command.get_parser("openstack").parse_args(arguments))
    return out.getvalue()


@pytest.mark.parametrize(("form", "kinds"), [
    ("table", (List, Show)), ("value", (List, Show)), ("json", (List, Show)),
    ("yaml", (List, Show)), ("csv", (List,)), ("shell", (Show,))])
def test_commands_of_openstack(evil, form, kinds):
    for kind in kinds:
        what = ("x",) if kind is Show else ("--long",)
        assert obeyed(openstack(kind, evil, *what, "-f", form)) == set()
    if form == "json":
        assert json.loads(openstack(Show, evil, "x", "-f", form))["cluster"] == EVIL


def test_errors_of_commands_of_openstack(evil):
    with pytest.raises(ServiceError) as caught:
        openstack(Show, evil, "nothing")
    assert str(caught.value) == "Trove says: " + SAFE


@pytest.fixture
def rude_mistral():
    """URL of a service that answers everything with an evil error."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802  http.server's name
            body = json.dumps({"faultstring": EVIL}).encode()
            self.send_response(500)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("debug", [(), ("--debug",)])
def test_errors_of_services(cli, rude_mistral, debug):
    ended = cli(*debug, "show", "x", "--mistral-url", rude_mistral)
    assert ended.returncode == 1
    assert SAFE.replace("\\u2028", " ") in ended.stderr      # a service's words are put on one line
    assert obeyed(ended.stderr) == set()


class Ascii(io.StringIO):
    encoding = "ascii"


def test_what_the_terminal_lacks_is_written_as_its_escape():
    stream = Ascii()
    print("K\xf6ln \u6771", file=Output(stream))
    assert stream.getvalue() == "K\\xf6ln \\u6771\n"


class Closed(io.StringIO):
    def write(self, text):
        raise BrokenPipeError

    def flush(self):
        raise BrokenPipeError


@pytest.mark.parametrize("plain", [True, False])
def test_output_that_nobody_reads_ends_nothing(evil, plain, monkeypatch):
    stream = Closed()
    monkeypatch.setattr(stream, "isatty", lambda: not plain, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with report.reporter(stream) as show:
        show(evil)
    shut = io.StringIO()
    shut.close()
    print("x", file=Output(shut), flush=True)


def test_closed_pipe_and_ascii_terminal_leave_the_exit_code_alone(cli):
    program = f"{sys.executable} -m trove_upgrade.interfaces.cli.app"
    ended = subprocess.run(["/bin/bash", "-c", f"{program} --help | true; echo ${{PIPESTATUS[0]}}"],
                           env=cli.env, capture_output=True, text=True, check=False,
                           timeout=PATIENCE_SEC)
    assert (ended.stdout, ended.stderr) == ("0\n", "")
    env = {**cli.env, "PYTHONIOENCODING": "ascii:strict", "LC_ALL": "C"}
    ended = subprocess.run([*program.split(), "show", "K\xf6ln", "--mistral-url",
                            "http://127.0.0.1:1"], env=env, capture_output=True, text=True,
                           check=False, timeout=PATIENCE_SEC)
    assert ended.stderr.startswith("Mistral does not answer at http://127.0.0.1:1. ")


@pytest.mark.parametrize("seconds, words", [
    (0, "0 s"), (3.6, "4 s"), (119.4, "119 s"), (119.6, "2 min 0 s"), (725, "12 min 5 s"),
    (3599.7, "1 h 0 min"), (12000, "3 h 20 min"), (90061, "25 h 1 min")])
def test_a_length_of_time_is_told_as_people_read_it(seconds, words):
    assert duration(seconds) == words
