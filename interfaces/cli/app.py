"""`trove-upgrade`: the application that finds and runs the commands."""
import logging
import os
import sys
import warnings
from importlib import metadata

try:
    from cliff.app import App
    from cliff.commandmanager import CommandManager
except ModuleNotFoundError:
    sys.exit("The commands need more packages: pip install 'trove-upgrade[cli]'")

from .. import outcome
from ..clusters import is_text
from ..terminal import LogLine, patient_output, shown

NOISY = ("keystoneauth", "openstack", "stevedore", "urllib3", "mistralclient")


class TroveUpgrade(App):
    """Rolling upgrades of OpenStack Trove clusters."""

    NAME = "trove-upgrade"      # also where Python runs it as a module

    def __init__(self):
        super().__init__(
            description="Rolling upgrades of OpenStack Trove clusters, as Mistral workflows.",
            version=metadata.version("trove-upgrade"),
            command_manager=CommandManager("trove_upgrade.cli"), deferred_help=True)

    def configure_logging(self):
        """One line an error on stderr; the libraries' own warnings only with --debug."""
        super().configure_logging()
        if not self.options.debug:
            for name in NOISY:
                logging.getLogger(name).setLevel(logging.ERROR)
        for handler in logging.getLogger().handlers:
            if getattr(handler, "stream", None) is self.stderr:
                handler.setFormatter(LogLine(self.CONSOLE_MESSAGE_FORMAT))


def not_text(arguments, variables):
    """Return a sentence about an argument or a variable OS_* that is not UTF-8, or None.

    No service takes it, and some would hang. What a variable holds may be secret.
    """
    for one in arguments:
        if not is_text(one):
            return f"{shown(one)} is not UTF-8; nothing can be called that."
    for name, value in variables.items():
        if name.startswith("OS_") and not is_text(value):
            return f"the variable {name} does not hold UTF-8."
    return None


def main(argv=None):
    """Run a command and return its exit code; without one, show the help."""
    warnings.simplefilter("ignore")
    # troveclient imports eventlet, whose resolver nobody needs here; its import takes 0.4 s.
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    if "_ARGCOMPLETE" in os.environ:        # a shell asks what may follow
        from .completion import answer
        answer()
    arguments = sys.argv[1:] if argv is None else argv
    with patient_output(sys.stdout, sys.stderr):
        if problem := not_text(arguments, os.environ):
            print(f"trove-upgrade: error: {problem}", file=sys.stderr)
            return outcome.USAGE
        try:
            return TroveUpgrade().run(arguments or ["--help"])
        except KeyboardInterrupt:
            print("Stopped before anything was asked for.", file=sys.stderr)
            return outcome.INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
