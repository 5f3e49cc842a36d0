"""JSON schemas (draft 2020-12) of input, plan, result, error and access files, and how they are
applied."""
import functools
import ipaddress
import json
import math
from importlib import resources
from typing import Any

from .errors import UpgradeError

__all__ = ["UpgradeError", "complaints", "load", "read_input"]


@functools.cache
def load(name: str) -> dict[str, Any]:
    """The schema ``input``, ``plan``, ``result``, ``error`` or ``access``."""
    text = resources.files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)


def complaints(name: str, value: Any) -> list[str]:
    """One sentence for each way in which value breaks the schema; empty when it is valid."""
    from jsonschema import Draft202012Validator  # slow to load, and --help needs none of it
    errors = Draft202012Validator(load(name), format_checker=_formats()).iter_errors(value)
    return sorted(_sentence(error) for error in errors)


@functools.cache
def _formats() -> Any:
    from jsonschema import FormatChecker
    formats = FormatChecker(formats=())
    formats.checks("cidr", raises=ValueError)(_is_cidr)
    return formats


def _is_cidr(value: Any) -> bool:
    if isinstance(value, str):
        ipaddress.ip_network(value)
    return True


def read_input(raw: dict[str, Any]) -> dict[str, Any]:
    """The input of an upgrade with defaults filled in and the values of forms understood.

    :raises UpgradeError: code ``bad_input``, naming each key, its value and what is allowed.
    """
    from .forms import understand
    if not isinstance(raw, dict):
        raise UpgradeError("bad_input", "The input is not understood: it must be an object, "
                           f"not {_short(raw)}.", "stop")
    options = understand(raw, load("input"))
    wrong = [*complaints("input", options), *_not_text(options), *_not_numbers(options)]
    if wrong:
        raise UpgradeError("bad_input", "The input is not understood: " + " ".join(wrong), "stop")
    return options


def _not_text(options: dict[str, Any]) -> list[str]:
    """JSON can write lone surrogates and NUL, which databases and services refuse."""
    texts = {key: value for key, value in options.items() if isinstance(value, str)}
    return [*(f"{key} is {_short(value)}; it must be UTF-8." for key, value in texts.items()
              if any("\ud800" <= one <= "\udfff" for one in value)),
            *(f"{key} is {_short(value)}; it must not hold a NUL character."
              for key, value in texts.items() if "\0" in value)]


def _not_numbers(options: dict[str, Any]) -> list[str]:
    """Python's JSON knows NaN, which is within all bounds."""
    return [f"{key} is NaN; it must be a number." for key, value in options.items()
            if isinstance(value, float) and math.isnan(value)]


def _sentence(error) -> str:
    key = ".".join(str(part) for part in error.absolute_path) or "input"
    if error.validator == "additionalProperties":
        known = ", ".join(sorted(error.schema["properties"]))
        unknown = sorted(set(error.instance) - set(error.schema["properties"]))
        return f"Unknown {', '.join(map(repr, unknown))}; known are: {known}."
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"Missing: {', '.join(missing)}."
    return f"{key} is {_short(error.instance)}; {_allowed(error)}."


def _allowed(error) -> str:
    limit = error.validator_value
    wording = {
        "enum": lambda: "allowed are: " + ", ".join(map(str, limit)),
        "type": lambda: "it must be of type " + (
            limit if isinstance(limit, str) else " or ".join(limit)),
        "format": lambda: CIDR if limit == "cidr" else f"it must be a {limit}",
        "minimum": lambda: f"it must be at least {limit}",
        "maximum": lambda: f"it must be at most {limit}",
        "pattern": lambda: f"it must match {limit}",
        **dict.fromkeys(("minItems", "minLength"), lambda: "it must not be empty"),
        "uniqueItems": lambda: "each entry may stand once",
    }
    return wording.get(error.validator, lambda: error.validator + " is not met")()


CIDR = "it must be a range of addresses such as 10.0.0.0/24 or 2001:db8::/64"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
