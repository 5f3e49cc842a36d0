"""docs/command-line.md: both command lines, read from their own parsers."""
import argparse
from importlib.metadata import entry_points
from typing import Any

from trove_upgrade.interfaces import outcome
from trove_upgrade.interfaces.osc.columns import OURS

from .pages import NOTICE, code, table

INTRO = """\
Two command lines do the same things.

| | `trove-upgrade` | `openstack database cluster upgrade` |
|---|---|---|
| Mistral | runs one itself, or takes `--mistral-url` or `--mistral-from-catalog` | the one of the \
cloud's catalog |
| Upgrades | of the state directory, or of the service | of your project |
| Output | text, or `-f json` | columns and formats of the OpenStack client |
| Install | `pip install 'trove-upgrade[cli]'` | `pip install 'trove-upgrade[osc]'` |
"""
STOCK = """\
The command of python-troveclient, `openstack database cluster upgrade CLUSTER VERSION`, works as
before. With our routes in trove-api it starts the same upgrade, with the defaults of all options;
without them it starts Trove's own. A cluster named exactly like one of the verbs below (`plan`,
`list`, `show` ...) is hidden by the verb; it is given to the stock command by its id.

An upgrade is named by its execution's id, or by its cluster: then the upgrade under way is meant,
else the newest. Progress goes to stderr, the result to stdout. Where Mistral is not in the
catalog, set `OS_WORKFLOW_ENDPOINT_OVERRIDE`. `openstack complete` knows all verbs and options.
All take the column and format options of the OpenStack client (`-c`, `-f`).
"""
COMPLETION = """\
A shell completes commands and options, and the values that an engine or the cloud knows: upgrades
by cluster or id, clusters, instances, datastore versions, clouds of `clouds.yaml`. Once, in the
file that the shell reads when it starts:

```
eval "$(register-python-argcomplete trove-upgrade)"                              # bash: ~/.bashrc
eval "$(register-python-argcomplete --shell zsh trove-upgrade)"    # zsh: ~/.zshrc, after compinit
register-python-argcomplete --shell fish trove-upgrade | source  # fish: ~/.config/fish/config.fish
```

`register-python-argcomplete` comes with `trove-upgrade[cli]`. For `openstack` its own
`openstack complete` does it, with commands and options.
"""
COMMON = ("upgrade", "where", "cloud")        # groups of options that are told once
ORDER = ("plan", "run", "start", "show", "list", "watch", "pause", "resume", "abort", "rollback",
         "finalize")


def command_line() -> str:
    """The whole page."""
    ours = _commands("trove_upgrade.cli", "trove-upgrade")
    theirs = _commands("openstack.database_upgrade.v1", OURS)
    run = ours["run"]
    parts = ["# Command line", NOTICE, INTRO, "## trove-upgrade",
             *(_command(parser) for parser in ours.values()), "## openstack", STOCK,
             *(_command(parser) for parser in theirs.values()),
             "## Options of an upgrade", "They are the inputs of "
             "[trove_upgrade.cluster](workflows.md#trove_upgradecluster).", _group(run, "upgrade"),
             "## Where and which cloud", "Of `trove-upgrade` only. Each `--os-NAME` is also read "
             "from the variable `OS_NAME`; passwords are best left there or in `clouds.yaml`.",
             _group(run, "where"),
             "## Completion", COMPLETION,
             "## Exit codes", "The OpenStack client's `show`, and its commands without `--wait`, "
             "exit with 0 when they did what was asked.",
             table(("Code", "Meaning"), ((str(number), text)
                                         for number, text in outcome.MEANING.items()))]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _commands(group: str, program: str) -> dict[str, argparse.ArgumentParser]:
    """{verb: parser}, those that people use most first."""
    found = {one.name.rsplit("_", 1)[-1]: one.load() for one in entry_points(group=group)}
    verbs = sorted(found, key=lambda verb: (ORDER.index(verb) if verb in ORDER else 99, verb))
    return {verb: found[verb](None, None).get_parser(f"{program} {verb}") for verb in verbs}


def _command(parser: argparse.ArgumentParser) -> str:
    own = [action for group in parser._action_groups if not _told_elsewhere(group)
           for action in group._group_actions if action.dest not in ("help", "format")]
    titles = [group.title for group in parser._action_groups]
    places = " ".join(_place(one) for one in own if not one.option_strings)
    more = "[options of an upgrade]" if "upgrade" in titles else ""
    usage = " ".join(filter(None, [parser.prog, places, more]))
    lines = [f"### {parser.prog}", (parser.description or "").strip(), f"```\n{usage}\n```"]
    rows = [(code(_name(one)), _help(parser, one)) for one in own]
    examples = [line.strip() for line in (parser.epilog or "").splitlines()
                if line.startswith("  openstack ")]
    shown = "Examples:\n\n```\n" + "\n".join(examples) + "\n```" if examples else ""
    return "\n\n".join(filter(None, [*lines, table(("Argument", "Meaning"), rows) if rows else "",
                                     shown]))


def _told_elsewhere(group: Any) -> bool:
    return group.title in COMMON or "format" in (group.title or "").lower()


def _group(parser: argparse.ArgumentParser, title: str) -> str:
    group = next(one for one in parser._action_groups if one.title == title)
    return table(("Option", "Meaning"), ((code(_name(one)), _help(parser, one))
                                         for one in group._group_actions))


def _place(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest)
    return f"[{name}]" if action.nargs == "?" else name


def _name(action: argparse.Action) -> str:
    if not action.option_strings:
        return str(action.metavar or action.dest)
    value = "" if action.nargs == 0 else f" {_value(action)}"
    return ", ".join(action.option_strings) + value


def _value(action: argparse.Action) -> str:
    if action.choices:
        return "{" + ",".join(map(str, action.choices)) + "}"
    return str(action.metavar or action.dest.upper())


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    return parser._get_formatter()._expand_help(action) if action.help else ""
