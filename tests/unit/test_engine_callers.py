"""Who may call the embedded engine's API."""
import base64

import pytest
from trove_upgrade.embedded.callers import OwnersOnly, refusal

PORT, TOKEN = 23456, "t0ken-of-this-start"


def request(method="GET", path="/v2/workflows", **environ):
    return {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": f"127.0.0.1:{PORT}",
            "HTTP_X_AUTH_TOKEN": TOKEN, **environ}


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


def status(environ, token=TOKEN):
    refused = refusal(environ, PORT, token)
    return refused and int(refused[0].split()[0])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_the_owner_may_call_by_every_name_of_the_machine(host):
    assert status(request(HTTP_HOST=f"{host}:{PORT}")) is None


@pytest.mark.parametrize("host", [
    "", "127.0.0.1", "evil.example", f"evil.example:{PORT}", "127.0.0.1:80", f"127.0.0.1:{PORT}.x",
    f"127.0.0.1:{PORT}, evil.example", f"127.0.0.1.evil.example:{PORT}", f"0.0.0.0:{PORT}"])
@pytest.mark.parametrize("token", [TOKEN, None])
def test_another_host_is_refused(host, token):
    assert status(request(HTTP_HOST=host), token) == 403


def test_a_request_without_host_is_refused():
    environ = request()
    del environ["HTTP_HOST"]
    assert status(environ) == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", f"http://127.0.0.1:{PORT}", ""])
@pytest.mark.parametrize("token", [TOKEN, None])
def test_web_pages_are_refused(origin, token):
    assert status(request(HTTP_ORIGIN=origin), token) == 403


@pytest.mark.parametrize("given", [
    {}, {"HTTP_X_AUTH_TOKEN": ""}, {"HTTP_X_AUTH_TOKEN": TOKEN[:-1]},
    {"HTTP_X_AUTH_TOKEN": "t\u00f6ken"}, {"HTTP_X_AUTH_TOKEN": "\udcff"},
    {"HTTP_AUTHORIZATION": TOKEN}, {"HTTP_AUTHORIZATION": "Bearer " + TOKEN},
    {"HTTP_AUTHORIZATION": basic(TOKEN)}, {"HTTP_AUTHORIZATION": basic(TOKEN + ":")},
    {"HTTP_AUTHORIZATION": "Basic !!!"}, {"HTTP_AUTHORIZATION": "Basic /w=="}, {
        "HTTP_AUTHORIZATION": "Basic"}])
def test_without_the_token_nothing_is_answered(given):
    environ = {key: value for key, value in request().items() if key != "HTTP_X_AUTH_TOKEN"}
    for path in ("/", "/v2/", "/v2/workflows", "/healthcheck"):
        assert status(environ | given | {"PATH_INFO": path}) == 401


@pytest.mark.parametrize("given", [
    {}, {"HTTP_X_AUTH_TOKEN": "the cloud's", "HTTP_AUTHORIZATION": basic(f"any:{TOKEN}")}])
def test_the_token_is_taken_from_header_or_url(given):
    assert status(request() | given) is None


@pytest.mark.parametrize(("method", "path", "kind", "expected"), [
    ("POST", "/v2/executions", "application/json", None),
    ("POST", "/v2/executions", "Application/JSON; charset=utf-8", None),
    ("POST", "/v2/workflows", "text/plain", None),
    ("PUT", "/v2/workflows/one", "text/plain", None),
    ("POST", "/v2/executions", "text/plain", 415),
    ("POST", "/v2/action_executions", "text/plain", 415),
    ("PUT", "/v2/environments", "text/plain", 415),
    ("POST", "/v2/workflows", "application/x-www-form-urlencoded", 415),
    ("POST", "/v2/workflows", "multipart/form-data; boundary=x", 415),
    ("POST", "/v2/cron_triggers", "", 415)])
@pytest.mark.parametrize("token", [TOKEN, None])
def test_bodies_are_json_or_definitions(method, path, kind, expected, token):
    assert status(request(method, path, CONTENT_TYPE=kind), token) == expected


@pytest.mark.parametrize(("token", "kept"), [(TOKEN, set()), (None, {"HTTP_X_AUTH_TOKEN"})])
def test_mistral_is_given_no_credentials_that_it_does_not_check(token, kept):
    seen = {}
    app = OwnersOnly(lambda environ, start: seen.update(environ) or [b"done"], PORT, token)
    assert app(request(), None) == [b"done"]
    assert seen.keys() & {"HTTP_X_AUTH_TOKEN", "HTTP_AUTHORIZATION"} == kept
