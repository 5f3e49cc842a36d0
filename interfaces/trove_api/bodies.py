"""What a request's body may be: one key that holds one key."""
from typing import Any

import webob.exc
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from trove.common import apischema

# As Trove's own names, and nothing that a database driver can't write down.
NAME = apischema.non_empty_string | {"not": {"pattern": "[\x00-\x1f\x7f\ud800-\udfff]"}}
TIME = {"type": ["string", "null"], "maxLength": 64}


def target(body: Any, outer: str) -> str:
    """The datastore version asked for by ``{outer: {"datastore_version": id or name}}``."""
    return _inner(body, outer, "datastore_version", NAME, "<id or name>")


def since(body: Any) -> str | None:
    """The moment in ``{"upgrade": {"since": ...}}``."""
    return _inner(body, "upgrade", "since", TIME, "<null, or since as GET shows it>")


def _inner(body: Any, outer: str, inner: str, value: dict, meaning: str) -> Any:
    schema = _object({outer: _object({inner: value})})
    error = best_match(Draft202012Validator(schema).iter_errors(body))
    if error is None:
        return body[outer][inner]
    where = ".".join(map(str, error.absolute_path))
    problem = ("it is not a name" if error.validator in ("not", "pattern", "maxLength", "minLength")
               else error.message[:200])
    raise webob.exc.HTTPBadRequest(
        f"Validation error: {where + ': ' if where else ''}{problem}. "
        f'Send {{"{outer}": {{"{inner}": {meaning}}}}} as application/json.')


def _object(properties: dict) -> dict:
    return {"type": "object", "properties": properties, "required": list(properties),
            "additionalProperties": False}
