"""What forms, command lines and triggers do to values, undone.

The Workflow panel's Execute form turns every value into a string, keeps quotes and writes the
word None for an empty default; shells and cron triggers do some of the same.
"""
from typing import Any

EMPTY = {"", "none", "null"}
TRUTH = {"true": True, "yes": True, "on": True, "1": True,
         "false": False, "no": False, "off": False, "0": False}


def understand(raw: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """raw with each value in its schema's type where that is plainly meant, and defaults filled in.

    A value that cannot be understood is left as it is, for the schema to refuse by name.
    """
    known = schema["properties"]
    values = {key: _value(value, known.get(key, {})) for key, value in raw.items()}
    defaults = {key: spec["default"] for key, spec in known.items() if "default" in spec}
    return defaults | {key: value for key, value in values.items()
                       if not (value is None and key in defaults)}


def _value(value: Any, spec: dict[str, Any]) -> Any:
    if not isinstance(value, str):
        return value
    text = _unquoted(value.strip())
    if text.lower() in EMPTY and "default" in spec:
        return None
    return _PARSERS.get(spec.get("type", "string"), lambda text: text)(text)


def _unquoted(text: str) -> str:
    while len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    return text


def _number(kind):
    def parse(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            return text
    return parse


def _boolean(text: str) -> Any:
    return TRUTH.get(text.lower(), text)


def _list(text: str) -> list[str]:
    inner = text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text
    parts = (_unquoted(part.strip()) for part in inner.split(","))
    return [part for part in parts if part]


_PARSERS = {"integer": _number(int), "number": _number(float), "boolean": _boolean, "array": _list}
