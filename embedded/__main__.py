"""Command line of the embedded engine: see ``--help``."""
import argparse
import logging
import os
import sys
import warnings


def parse(arguments):
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        prog="python -m trove_upgrade.embedded",
        description="Real Mistral in one process, on one SQLite file in --dir. When it is ready, "
                    "engine.json in that directory says where.")
    parser.add_argument("--dir", required=True, help="directory of its files; made if missing")
    parser.add_argument("--port", type=int, default=0,
                        help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--access-dir", help="directory with the datastores' access files")
    parser.add_argument("--cloud", help="name of the cloud in clouds.yaml")
    parser.add_argument("--config", metavar="FILE",
                        help="one more mistral.conf; its options win, e.g. [keystone_authtoken]")
    parser.add_argument("--events", action="store_true",
                        help="event triggers, too: --config names [event_engine] "
                             "event_definitions_cfg_file and [oslo_messaging_notifications] "
                             "transport_url")
    parser.add_argument("--workflow", action="append", default=[], metavar="FILE",
                        help="one more workflow file to install (repeatable)")
    parser.add_argument("--no-pack", action="store_true",
                        help="leave out the pack's own workflows and its publisher")
    parser.add_argument("--look-only", action="store_true",
                        help="only the API, to read what is in the file: nothing runs")
    parser.add_argument("--die-with-parent", nargs="?", type=int, const=os.getppid(), metavar="PID",
                        help="end when that process (default: the one that started it) is gone")
    parser.add_argument("--remove", metavar="DIR",
                        help="remove this directory when that process is gone")
    return parser.parse_args(arguments)


def main():
    """Run the engine until SIGTERM or SIGINT; exit code 1 with one line when it can't start."""
    options = parse(sys.argv[1:])
    os.umask(0o077)                     # databases, logs and sockets are the owner's alone
    warnings.simplefilter("ignore")
    from . import files, server  # imports Mistral: seconds, not needed for --help
    try:
        server.run(options)
    except (server.StartError, files.NotPrivate) as error:
        _fail(str(error))
    except Exception as error:
        logging.getLogger("mistral").exception("The engine did not start")
        _fail(f"{type(error).__name__}: {error}")


def _fail(text):
    sys.stderr.write(f"error: {' '.join(text.split())}\n")        # one line, whatever it was
    sys.stderr.flush()
    os._exit(1)                              # threads of half-started services never end


if __name__ == "__main__":
    main()
