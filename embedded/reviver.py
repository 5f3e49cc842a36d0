"""What runs beside the engines of a Mistral service: see revive.py, and docs/operating.md.

`python -m trove_upgrade.embedded.reviver --config-file /etc/mistral/mistral.conf`: it needs what an
engine needs, Mistral's database and broker. Any number of them may run, on any host.
"""
import argparse
import time

EVERY_SEC = 10
QUIET_SEC = 60


def main():
    """Look at the runs of this pack again and again, until a signal."""
    parser = argparse.ArgumentParser(
        prog="python -m trove_upgrade.embedded.reviver",
        description="Send again what was lost with an engine of a Mistral service, for the runs of "
                    "this pack.")
    parser.add_argument("--config-file", required=True, help="an engine's mistral.conf")
    parser.add_argument("--quiet-sec", type=int, default=QUIET_SEC, metavar="SECONDS",
                        help="how long nothing has changed where something counts as lost "
                             "(default: %(default)s)")
    options = parser.parse_args()
    import mistral.cmd  # noqa: F401  selects threads
    from mistral import config
    from mistral.rpc import base
    from oslo_config import cfg
    from oslo_log import log
    config.parse_args(["--config-file", options.config_file])
    log.setup(cfg.CONF, "mistral")
    base.get_transport()
    logger = log.getLogger(__name__)
    logger.info("Reviver started.")
    from . import revive
    while True:
        try:
            revive.revive(revive.find_stalled(options.quiet_sec))
        except Exception:       # the database is away, or the broker: it looks again
            logger.exception("Could not look for what was lost")
        time.sleep(EVERY_SEC)


if __name__ == "__main__":
    main()
