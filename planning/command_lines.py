"""The one place that makes a command line for people: complete, and quoted for a shell."""
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from ..schemas import load

PROGRAM = "trove-upgrade"
FLAGS = {"cluster_id": "--cluster", "instance_id": "--instance", "region": "--os-region-name"}
SKIP_CHECK = "--skip-check"         # is repeated, once for each of skip_checks
WITHOUT_FLAG = ("dry_run", "skip_checks")       # `plan` is the dry run
# Options of an upgrade that hold for its rollback path as well: where and how fast, not how to end.
CARRIED = ("region", "access", "driver", "parallelism", "max_unavailable", "bake_sec",
           "member_timeout_sec", "gate_timeout_sec", "gate_passes", "retry_count",
           "retry_delay_sec", "poll_sec")


def command(verb: str, *words: str, options: Iterable[str] = (),
            program: Iterable[str] = (PROGRAM,)) -> str:
    """Return a command line that a person can paste into a shell.

    :param words: what stands for itself, such as an execution's id.
    :param options: as `option` and `input_options` give them.
    """
    return shlex.join([*program, verb, *options, *(["--"] if any(
        one.startswith("-") for one in words) else []), *words])


def with_options(line: str, options: Iterable[str]) -> str:
    """Return a command line of ours with options more; anything else, and an empty one, as it
    is."""
    return f"{line} {shlex.join(options)}".rstrip() if line.startswith(PROGRAM) else line


def option(flag: str, value: Any) -> list[str]:
    """Return an option and its value as words of a command line."""
    text = str(value)
    return [f"{flag}={text}"] if text.startswith("-") else [flag, text]


def flag_of(name: str) -> str:
    """Return the option of a command line for an input of the workflows."""
    return FLAGS.get(name) or "--" + name.replace("_", "-")


def input_options(inputs: Mapping[str, Any]) -> list[str]:
    """Return the inputs of an upgrade as words of a command line, but for those at their
    default."""
    known = load("input")["properties"]
    found = []
    for name, value in inputs.items():
        default = known.get(name, {}).get("default")
        if name in WITHOUT_FLAG or value is None or value == default:
            continue
        if isinstance(value, bool):
            found.append(flag_of(name) if value else f"--no-{flag_of(name).removeprefix('--')}")
        else:
            found += option(flag_of(name), value)
    for check in inputs.get("skip_checks") or ():
        found += option(SKIP_CHECK, check)
    return found
