"""`trove-upgrade`: the application that finds and runs the commands."""
import logging
import sys
import warnings
from importlib import metadata

from cliff.app import App
from cliff.commandmanager import CommandManager

from ..terminal import LogLine, patient_output

NOISY = ("keystoneauth", "openstack", "stevedore", "urllib3", "mistralclient")


class TroveUpgrade(App):
    """Rolling upgrades of OpenStack Trove clusters."""

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


def main(argv=None):
    """Run a command and return its exit code; without one, show the help."""
    warnings.simplefilter("ignore")
    arguments = sys.argv[1:] if argv is None else argv
    with patient_output(sys.stdout, sys.stderr):
        try:
            return TroveUpgrade().run(arguments or ["--help"])
        except KeyboardInterrupt:
            return 130


if __name__ == "__main__":
    sys.exit(main())
