"""What a request's body may be: one key that holds one key."""
from typing import Any

import webob.exc
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from trove.common import apischema

# As Trove's own names, and nothing that a database driver can't write down.
NAME = apischema.non_empty_string | {"not": {"pattern": "[\x00-\x1f\x7f\ud800-\udfff]"}}
TIME = {"type": ["string", "null"], "maxLength": 64}
LONGEST_SEC = 30 * 86400    # as long as a trust of a run lasts
FOR_SEC = {"type": "integer", "minimum": 0, "maximum": LONGEST_SEC}


def target(body: Any, outer: str) -> str:
    """The datastore version asked for by ``{outer: {"datastore_version": id or name}}``."""
    return _inner(body, outer, "datastore_version", NAME, "<id or name>")


def since(body: Any) -> tuple[str | None, int]:
    """The moment and the seconds in ``{"upgrade": {"since": ..., "for_sec": ...}}``."""
    found = _inner(body, "upgrade", "since", TIME, "<null, or since as GET shows it>",
                   {"for_sec": FOR_SEC})
    return found, body["upgrade"].get("for_sec", 0)


def _inner(body: Any, outer: str, inner: str, value: dict, meaning: str,
           optional: dict | None = None) -> Any:
    schema = _object({outer: _object({inner: value}, optional)})
    error = best_match(Draft202012Validator(schema).iter_errors(body))
    if error is None:
        return body[outer][inner]
    where = ".".join(map(str, error.absolute_path))
    problem = ("it is not a name" if error.validator in ("not", "pattern", "maxLength", "minLength")
               else error.message[:200])
    raise webob.exc.HTTPBadRequest(
        f"Validation error: {where + ': ' if where else ''}{problem}. "
        f'Send {{"{outer}": {{"{inner}": {meaning}}}}} as application/json.')


def _object(properties: dict, optional: dict | None = None) -> dict:
    return {"type": "object", "properties": properties | (optional or {}),
            "required": list(properties), "additionalProperties": False}
