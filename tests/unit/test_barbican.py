"""A password in Barbican: who is asked for it, and what becomes of each answer.

Barbican's answers are those of the real one (23.0, tests/cloud/test_barbican.py).
"""
import http.server
import json
import logging
import threading
import warnings

import pytest
from keystoneauth1 import session, token_endpoint
from trove_upgrade.datastores import access
from trove_upgrade.schemas import UpgradeError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")        # eventlet's, of itself; troveclient imports it
    from trove_upgrade.services import access_files, barbican

SECRET = "8ca37459-fd9f-4720-8b71-501ec3ababdf"
VERSIONS = {"versions": [{
    "id": "v1", "status": "CURRENT", "min_version": "1.0", "max_version": "1.2",
    "links": [{"rel": "self", "href": "/v1/"}], "media-types": []}]}


class Double(http.server.BaseHTTPRequestHandler):
    """One secret; writes down what it is asked."""

    kind, payload, status = "text/plain", b"hunter2\n", 200
    asked: list[str] = []

    def do_GET(self):
        self.asked.append(self.path)
        if not self.path.startswith("/v1/secrets/"):
            return self.answer(json.dumps(VERSIONS).encode(), "application/json", 200)
        if self.status != 200:
            return self.answer(b'{"title": "T", "description": "D"}', "application/json",
                               self.status)
        if self.path.endswith("/payload"):
            return self.answer(self.payload, self.kind, 200)
        about = {"name": None, "status": "ACTIVE", "content_types": {"default": self.kind}}
        return self.answer(json.dumps(about).encode(), "application/json", 200)

    def answer(self, body, kind, status):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Caller:
    """An actor whose catalog has one Barbican."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def url(self, service_type):
        assert service_type == "key-manager"
        return self.endpoint

    def session(self, service_type):
        return session.Session(auth=token_endpoint.Token(self.url(service_type), "t"), timeout=5,
                               split_loggers=True)


@pytest.fixture
def server():
    handler = type("Fresh", (Double,), {"asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        handler.caller = Caller(f"http://127.0.0.1:{made.server_port}")
        yield handler
        made.shutdown()


def refusal(caller, reference=SECRET):
    with pytest.raises(UpgradeError) as raised:
        barbican.password(caller, reference)
    return raised.value


def test_it_is_read_by_id_and_by_reference(server, caplog):
    caplog.set_level(logging.DEBUG)
    for caller in (server.caller, Caller(server.caller.endpoint + "/v1")):
        for reference in (SECRET, f"{server.caller.endpoint}/v1/secrets/{SECRET}"):
            assert barbican.password(caller, reference) == "hunter2"
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("reference", [
    f"http://192.0.2.1/v1/secrets/{SECRET}", f"http://127.0.0.1.evil.test/v1/secrets/{SECRET}",
    f"{{}}@192.0.2.1/v1/secrets/{SECRET}", f"{{}}/v1/secrets/../containers/{SECRET}",
    f"{{}}/v1/containers/{SECRET}", f"{SECRET}/payload", f"{SECRET}?x", f"{SECRET}\n", "", "name",
    None, 7, [SECRET], {"id": SECRET}])
def test_no_other_place_is_asked(server, reference):
    if isinstance(reference, str):
        reference = reference.replace("{}", server.caller.endpoint)
    error = refusal(server.caller, reference)
    assert (error.code, error.klass) == ("bad_secret_reference", "stop")
    assert server.asked == []


@pytest.mark.parametrize(("status", "code", "klass"), [
    (401, "token_expired", "stop"), (403, "secret_refused", "stop"),
    (404, "secret_refused", "stop"), (406, "secret_refused", "stop"),
    (429, "barbican_unavailable", "retry"), (500, "barbican_unavailable", "retry"),
    (503, "barbican_unavailable", "retry")])
def test_what_barbican_refuses(server, status, code, klass):
    server.status = status
    error = refusal(server.caller)
    assert (error.code, error.klass) == (code, klass)


@pytest.mark.parametrize(("kind", "payload"), [
    ("application/octet-stream", b"hunter2"), ("text/plain", b"hunter2\xff"),
    ("text/plain", b" \n")])
def test_what_is_no_text_is_no_password(server, kind, payload):
    server.kind, server.payload = kind, payload
    error = refusal(server.caller)
    assert (error.code, error.klass) == ("bad_secret", "stop")
    assert "hunter2" not in error.message


def test_a_barbican_that_is_away_may_come_back(server):
    error = refusal(Caller("http://127.0.0.1:1"))
    assert (error.code, error.klass) == ("barbican_unavailable", "retry")
    server.answer = lambda self, *_: Double.answer(self, b"<html>", "text/html", 200)
    error = refusal(server.caller)
    assert (error.code, error.klass) == ("barbican_unavailable", "retry")


def test_without_the_extra_it_is_named(server, monkeypatch):
    monkeypatch.setattr(barbican, "client", None)
    error = refusal(server.caller)
    assert error.code == "no_barbican_client"
    assert "pip install 'trove-upgrade[barbican]'" in error.message
    assert server.asked == []


def test_a_driver_gets_it_and_no_text_shows_it(server, tmp_path, monkeypatch):
    section = settings(tmp_path, monkeypatch, "trust", server.caller)
    assert access.password(section) == "hunter2"
    assert "hunter2" not in f"{section}{section['password_secret']!r}"


@pytest.mark.parametrize("auth", ["trust", "service"])
def test_it_is_read_in_the_callers_name_or_not_at_all(server, tmp_path, monkeypatch, auth):
    """The service user could read what the caller may not."""
    with pytest.raises(UpgradeError, match="in the caller's name") as raised:
        settings(tmp_path, monkeypatch, auth, server.caller if auth == "service" else None)
    assert raised.value.code == "bad_access_file"
    assert server.asked == []


def test_a_file_names_one_password(server, tmp_path, monkeypatch):
    with pytest.raises(UpgradeError, match="must name one"):
        settings(tmp_path, monkeypatch, "trust", server.caller, ", password_file: /x")


def settings(directory, monkeypatch, auth, caller, more=""):
    (directory / "shop.yaml").write_text(
        f"projects: [p]\nredis: {{password_secret: {SECRET}{more}}}\n")
    options = type("Options", (), {"access_dir": str(directory), "auth": auth})
    monkeypatch.setattr(access_files, "options", lambda: options)
    return access_files.settings("shop", "redis", "p", "c", caller)
