"""Who may call the engine's API: its owner, with the token of this start.

A port of 127.0.0.1 can be reached by every user of the machine and, through a browser, by every web
page. So each request is judged before Mistral sees it:

- ``Host`` is a name of this machine with the engine's own port: a page whose name was made to point
  here (DNS rebinding) says its own.
- No ``Origin``: browsers send one with whatever a page changes elsewhere, clients of Mistral never.
- A body is JSON, or a definition in plain text, as Mistral's clients send it; never a form.
- The token stands in ``X-Auth-Token``, or is the password of ``Authorization: Basic``, which every
  client makes of a URL with user and password. Where Keystone knows the callers ([pecan]
  auth_enable) it is their own token, which Mistral checks.
"""
import base64
import binascii
import json
import secrets

HOSTS = ("127.0.0.1", "localhost", "[::1]")
DEFINITIONS = ("/v2/workflows", "/v2/workbooks", "/v2/actions")
CREDENTIALS = ("HTTP_X_AUTH_TOKEN", "HTTP_AUTHORIZATION")
WITH_BODY = ("POST", "PUT", "PATCH")
USER = "trove-upgrade"      # any name does; the password is the token


class OwnersOnly:
    """WSGI: answers what is refused, and hands everything else to ``app``.

    ``token`` is None where Keystone knows the callers.
    """

    def __init__(self, app, port, token):
        self._app, self._port, self._token = app, port, token

    def __call__(self, environ, start_response):
        refused = refusal(environ, self._port, self._token)
        if refused is None:
            return self._app(self._without_credentials(environ), start_response)
        status, words = refused
        body = json.dumps({"faultstring": words}).encode()     # as Mistral says what is wrong
        start_response(status, [("Content-Type", "application/json"),
                                ("Content-Length", str(len(body)))])
        return [body]

    def _without_credentials(self, environ):
        """Mistral keeps what it is given in its database, and here it has no use for it."""
        return environ if self._token is None else {
            key: value for key, value in environ.items() if key not in CREDENTIALS}


def refusal(environ, port, token):
    """Return (HTTP status, a sentence) when the request is refused, else None."""
    if environ.get("HTTP_HOST", "").lower() not in [f"{name}:{port}" for name in HOSTS]:
        return "403 Forbidden", f"The Host of a request must be 127.0.0.1:{port}."
    if "HTTP_ORIGIN" in environ:
        return "403 Forbidden", "Requests of web pages are refused."
    if token is not None and not _knows(environ, token):
        return "401 Unauthorized", ("The token of this start of the engine is missing or wrong. "
                                    "`trove-upgrade engine` prints it; engine.json in the state "
                                    "directory holds it.")
    if environ["REQUEST_METHOD"] in WITH_BODY and not _type_fits(environ):
        return "415 Unsupported Media Type", "Send application/json."
    return None


def _knows(environ, token):
    given = (environ.get("HTTP_X_AUTH_TOKEN", ""), _password(environ))
    return any(secrets.compare_digest(one.encode(errors="replace"), token.encode())
               for one in given)


def _password(environ):
    kind, _, text = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _type_fits(environ):
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    path = environ.get("PATH_INFO", "").rstrip("/")
    return kind == "application/json" or (kind == "text/plain" and path.startswith(DEFINITIONS))
