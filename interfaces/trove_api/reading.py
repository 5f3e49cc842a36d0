"""Reading a request's body, bounded in size and depth; what is not ours stays there to be read.

A body of ours has one key that holds one key. Whoever sends more has made a mistake, or wants this
service to spend memory: then no more than the bound is read, and none of it is parsed.
"""
import json
import re
from typing import Any

import webob.exc

JSON, XML = "application/json", "application/xml"
LIMIT_BYTES = 64 * 1024
LIMIT_DEPTH = 8
ROOT = re.compile(rb"\s*(?:<[?!][^>]*>\s*)*<([\w.-]+)")        # Trove reads XML, too
FIRST_KEY = re.compile(rb'\s*\{\s*("(?:[^"\\]|\\.)*")')


class NotJSON(ValueError):
    """The text is no JSON."""


class TooDeep(ValueError):
    """The values lie in each other more than LIMIT_DEPTH levels deep."""


class Again:
    """A body whose first bytes were read already: they are read again, then the rest."""

    def __init__(self, head: bytes, rest: Any):
        self._head, self._rest = head, rest

    def read(self, size: int | None = -1) -> bytes:
        """As any file's."""
        if size is None or size < 0:
            head, self._head = self._head, b""
            return head + self._rest.read()
        head, self._head = self._head[:size], self._head[size:]
        return head + self._rest.read(size - len(head)) if size > len(head) else head

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rest, name)


def peek(environ: dict[str, Any]) -> bytes:
    """The first LIMIT_BYTES of the body and one more, if there is one; it can be read again."""
    head, source, wanted = b"", environ["wsgi.input"], _wanted(environ)
    while len(head) < wanted and (more := source.read(wanted - len(head))):
        head += more
    environ["wsgi.input"] = Again(head, source)
    return head


def _wanted(environ: dict[str, Any]) -> int:
    """Bytes to read: never beyond the body's end, where a server waits for the next request."""
    if environ.get("wsgi.input_terminated"):
        return LIMIT_BYTES + 1
    length = environ.get("CONTENT_LENGTH") or ""
    return min(int(length), LIMIT_BYTES + 1) if length.isdecimal() else 0


def parse(body: bytes) -> Any:
    """The JSON value.

    :raises NotJSON, TooDeep: it is none, or too deep.
    """
    try:
        value = json.loads(body.decode())
    except RecursionError:
        raise TooDeep from None
    except ValueError:
        raise NotJSON from None
    level = [value]
    for _ in range(LIMIT_DEPTH):
        level = [inner for one in level for inner in _inside(one)]
    if level:
        raise TooDeep
    return value


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(
        value, list) else []


def is_action(kind: str, body: bytes, name: str) -> bool:
    """Whether the body of an action on a cluster is one of this name, be it a wrong one.

    :param kind: its content type.
    """
    if kind == XML:
        root = ROOT.match(body)
        return bool(root) and root[1].decode() == name
    return kind == JSON and _is_json_action(body, name)


def _is_json_action(body: bytes, name: str) -> bool:
    try:
        if len(body) <= LIMIT_BYTES:
            value = parse(body)
            return isinstance(value, dict) and list(value) == [name]
    except TooDeep:
        pass
    except NotJSON:
        return False
    return _first_key(body) == name


def _first_key(body: bytes) -> str | None:
    found = FIRST_KEY.match(body)
    try:
        return json.loads(found[1].decode()) if found else None
    except ValueError:
        return None


def ours(body: bytes) -> Any:
    """The value of a request that is for us.

    :raises webob.exc.HTTPException: 413 or 400, with the reason.
    """
    if len(body) > LIMIT_BYTES:
        raise webob.exc.HTTPRequestEntityTooLarge(
            f"The request body has more than {LIMIT_BYTES} bytes.")
    try:
        return parse(body)
    except TooDeep:
        raise webob.exc.HTTPBadRequest(
            f"The request body is more than {LIMIT_DEPTH} levels deep.") from None
    except NotJSON:
        raise webob.exc.HTTPBadRequest(
            "The request body is not JSON. Send a JSON object as application/json.") from None
