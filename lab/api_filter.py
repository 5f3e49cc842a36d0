"""A WSGI filter before Trove's API: writes down every call and injects the API faults."""
import re
import socket
import time

import eventlet
from webob import Request, Response

from .doubles.state import state
from .files import append_line

TEXTS = {401: "The token has expired.", 429: "Too many requests.",
         500: "The server made an error.", 503: "The service is not available."}


class LabFilter:
    """Counts calls in DIR/api-calls.jsonl: {t, sec, method, path, status, agent, fault}."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        request, begun = Request(environ), time.time()
        path = request.script_name + request.path_info
        rule = state().api_fault(request.method, path, _matches)
        response = self._answer(request, rule)
        append_line(state().directory / "api-calls.jsonl", {
            "t": round(begun, 4), "sec": round(time.time() - begun, 4),
            "method": request.method, "path": path, "status": response.status_int,
            "agent": request.user_agent or "", "fault": rule.get("fault", "")})
        if rule.get("fault") == "close":
            environ["eventlet.input"].get_socket().shutdown(socket.SHUT_RDWR)
        return response(environ, start_response)

    def _answer(self, request, rule):
        fault = rule.get("fault")
        if fault == "status":
            return _error(rule["status"])
        if fault == "delay":
            eventlet.sleep(rule["seconds"])
        response = request.get_response(self.app)
        return _error(502) if fault in ("drop_reply", "close") else response


def _matches(rule: dict, method: str, path: str) -> bool:
    return rule["method"] in ("*", method) and re.search(rule["path"], path) is not None


def _error(status: int) -> Response:
    text = TEXTS.get(status, "The lab's fault.")
    return Response(status=status, json_body={"labFault": {"code": status, "message": text}})


def factory(global_conf, **local_conf):
    """For paste."""
    return LabFilter
