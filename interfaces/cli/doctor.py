"""doctor: what the executors can do, and where they differ."""
import json
import tempfile
import time

from ...embedded import running
from .. import check_report, outcome
from ..errors import TookTooLong
from ..inputs import INSTANCE, add_target
from ..progress import ENDED, as_object
from ..shapes import CHECK
from .base import Base

WAIT_SEC = 180      # its questions are given up before
POLL_SEC = 0.2


class Doctor(Base):
    """Ask the executors of a Mistral what they can do, and say where they differ.

    Changes no cluster. Without a Mistral service it asks an engine that runs already, else one that
    is started for this alone: no upgrade goes on.
    """

    def add_options(self, parser):
        """Add the cluster that is to be reached, and how often to ask."""
        add_target(parser, "id or unique name of a cluster whose members are to be reached",
                   required=False)
        parser.add_argument("--access", default="default", metavar="NAME",
                            help="name of the access file (default: default)")
        parser.add_argument("--driver", default="auto", metavar="NAME",
                            help="name of the driver (default: auto, by the datastore)")
        parser.add_argument("--executors", type=int, default=0, metavar="NUMBER",
                            help="how many there are: fewer are a trouble (default: not known)")
        parser.add_argument("--asks", type=int, default=12, metavar="NUMBER",
                            help="how often to ask; several times the executors (default: 12)")

    def take_action(self, args):
        """Print the table; the exit code says whether there is trouble."""
        of_set = getattr(args, INSTANCE)
        inputs = {"cluster_id": of_set or args.cluster_id or "",
                  "kind": "replication_set" if of_set else "cluster",
                  **{name: getattr(args, name) for name in ("access", "driver", "asks",
                                                            "executors")}}
        with tempfile.TemporaryDirectory(prefix="trove-upgrade-") as own:
            if not (self.is_service(args) or running(args.state_dir)):
                args.state_dir = own
            with self.connected(args) as (upgrades, _):
                found = output_of(upgrades, upgrades.start(inputs, CHECK))
        if self._json:
            print(json.dumps(found, indent=2))
        else:
            for line in check_report.lines(found):
                self.write(line)
        return outcome.OK if found["status"] == "ok" else outcome.NEEDS_A_PERSON


def output_of(upgrades, execution_id):
    """Wait for the end of the check and return its output.

    :raises TookTooLong: no executor takes its steps, or no engine.
    """
    deadline = time.monotonic() + WAIT_SEC
    while (found := upgrades.get(execution_id))["state"] not in ENDED:
        if time.monotonic() > deadline:
            raise TookTooLong(f"The check {execution_id} has not ended in {WAIT_SEC} s: is there "
                              "an engine and an executor of this Mistral?")
        time.sleep(POLL_SEC)
    return as_object(found["output"])
