"""Campaign: `python -m tests.chaos --on service --rounds N --seed S`, or `make chaos`.

Goes on with the log of this seed, docs/chaos/ON-SEED.jsonl, and writes docs/chaos.md of all logs.
SIGTERM ends it after the round in hand.
"""
import argparse
import signal
import tempfile
import warnings
from pathlib import Path

warnings.simplefilter("ignore")          # eventlet's, of itself

import troveclient.v1.client  # noqa: E402, F401  first in a thread eventlet's import never ends

from tests.chaos.campaign import Campaign  # noqa: E402
from tests.chaos.page import GROUNDS, page  # noqa: E402
from tests.chaos.rounds import Log  # noqa: E402

DOCS = Path(__file__).parents[2] / "docs"


def ground(name, directory):
    """The ground of this name, not yet up."""
    if name == "service":
        from tests.chaos.service import Service
        return Service(directory)
    from tests.chaos.simulated import Simulated
    return Simulated(directory)


def main():
    """Play the rounds; the exit code says whether one went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--on", choices=[*GROUNDS], default="service")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    log = Log(DOCS / "chaos" / f"{options.on}-{options.seed}.jsonl")
    try:
        with tempfile.TemporaryDirectory() as directory, \
                ground(options.on, Path(directory)) as where:
            campaign = Campaign(where, options.seed, log)
            signal.signal(signal.SIGTERM, lambda *_: campaign.end())
            campaign.play(options.rounds)
    finally:
        (DOCS / "chaos.md").write_text(page(DOCS / "chaos"))
    return bool(log.wrong())


if __name__ == "__main__":
    raise SystemExit(main())
