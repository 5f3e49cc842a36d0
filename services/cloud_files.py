"""What is wrong with clouds.yaml and the files beside it, which openstacksdk passes over or tells
in Python's words."""
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

VARIABLE = "OS_CLIENT_CONFIG_FILE"


def complaint(name: str = "") -> str:
    """What is wrong with the files that describe the cloud; empty when that is nothing.

    :param name: the cloud's, whose description is looked at.
    """
    named = os.environ.get(VARIABLE)
    if named and not Path(named).exists():
        return f"There is no file {named}, which {VARIABLE} names."
    every = (_unreadable(path) or _misshapen(path, name) for path in _files())
    return next(filter(None, every), "")


def _files() -> Iterator[str]:
    """The first of each kind that is there; the others are not read."""
    from openstack.config import loader
    for variable, places in ((VARIABLE, loader.CONFIG_FILES),
                             ("OS_CLIENT_SECURE_FILE", loader.SECURE_FILES),
                             ("OS_CLIENT_VENDOR_FILE", loader.VENDOR_FILES)):
        found = (path for path in (os.environ.get(variable), *places)
                 if path and Path(path).exists())
        yield from list(found)[:1]


def _unreadable(path: str) -> str:
    try:
        _content(path)
    except OSError as error:
        return f"{path} can't be read: {error.strerror}."
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1}: {error.problem})" if mark else ""
        return f"{path} can't be read: it is no YAML{where}."
    except (ValueError, yaml.YAMLError):
        return f"{path} can't be read: it is no YAML in UTF-8."
    return ""


def _misshapen(path: str, name: str) -> str:
    """Which part of the cloud's description does not hold names and values."""
    part = _content(path)
    for key, words in (("clouds", "clouds"), (name, f"its cloud {name}"),
                       ("auth", f"auth of its cloud {name}")):
        if not isinstance(part, dict) or key not in part:
            return ""
        part = part[key]
        if not isinstance(part, dict):
            return f"{path} can't be used: {words} must hold names with values."
    return ""


def _content(path: str) -> Any:
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))
