"""The way from Trove's API to Mistral, which a test can break."""
import http.server
import threading
from contextlib import contextmanager

import requests

from tests.waits import PATIENCE_SEC

MODES = {
    "open": "everything passes",
    "closed": "connections are refused",
    "lost_requests": "requests are read, do not pass, and the connection is closed",
    "lost_posts": "the same for POST alone",
    "lost_replies": "requests pass, and the connection is closed instead of an answer to POST",
    "hanging": "POST is read, does not pass, and gets no answer for a long time",
    "refusing": "POST is answered 500 without having passed",
    "forbidding": "POST is answered 403 without having passed",
}
STATUS = {"refusing": 500, "forbidding": 403}


class Gate:
    """Listens at ``url`` and forwards to a port of this machine."""

    def __init__(self, port):
        self._target = f"http://127.0.0.1:{port}"
        self.token = ""             # the engine's
        self.seen = []              # methods and paths, in order
        self._mode = "open"
        self._let_go = threading.Event()
        self._listen(0)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v2"

    @contextmanager
    def mode(self, name):
        assert name in MODES
        if name == "closed":
            self.close()
        self._mode = name
        try:
            yield self
        finally:
            self._mode = "open"
            self._let_go.set()
            self._let_go = threading.Event()
            if name == "closed":
                self._listen(self._server.server_port)

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _listen(self, port):
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def _handle(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                gate.seen.append((self.command, self.path))
                reply = gate._pass(self.command, self.path, dict(self.headers), body)
                if reply is not None:
                    status, content = reply
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            do_GET = do_POST = _handle

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _pass(self, method, path, headers, body):
        """Status and content of the answer, or None to hang up."""
        mode = self._mode
        if mode == "lost_requests" or (mode == "lost_posts" and method == "POST"):
            return None
        if mode == "hanging" and method == "POST":
            self._let_go.wait(PATIENCE_SEC)
            return None
        if mode in STATUS and method == "POST":
            return STATUS[mode], b'{"faultstring": "It is said so."}'
        headers = {key: value for key, value in headers.items() if key.lower() != "host"}
        answer = requests.request(method, self._target + path, data=body,
                                  headers=headers | {"X-Auth-Token": self.token},
                                  timeout=PATIENCE_SEC)
        return None if mode == "lost_replies" and method == "POST" else (
            answer.status_code, answer.content)
