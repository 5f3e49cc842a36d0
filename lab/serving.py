"""What the lab's WSGI services share: options, a free port, an end with their parent."""
import argparse
import json
import os
import shutil
import signal
import threading
import time
from pathlib import Path

from .files import write_atomically

THREADS = 8
PARENT_CHECK_SEC = 0.2
IDLE_SEC = 300          # clients keep their connections


def options(about: str) -> argparse.Namespace:
    """--dir DIR, --parent PID, --remove DIR, --tls CERTIFICATE KEY: what `process.Server` gives."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--dir", required=True, help="its directory")
    parser.add_argument("--parent", type=int, help="end when this is no longer the parent")
    parser.add_argument("--remove", help="directory to remove when the parent has ended")
    parser.add_argument("--tls", nargs=2, metavar="FILE", help="its certificate and key")
    return parser.parse_args()


def serve(application, name: str, chosen: argparse.Namespace, path: str = "") -> None:
    """Serve it on a free port of 127.0.0.1; DIR/NAME.json then says {"url", "pid"}.

    It ends on SIGTERM and with its parent; nothing of a lab is kept.
    """
    from cheroot import wsgi
    server = wsgi.Server(("127.0.0.1", 0), application, numthreads=THREADS, timeout=IDLE_SEC)
    if chosen.tls:
        from cheroot.ssl.builtin import BuiltinSSLAdapter
        server.ssl_adapter = BuiltinSSLAdapter(*chosen.tls)
    server.prepare()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if chosen.parent:
        threading.Thread(target=_end_with, args=(chosen.parent, chosen.remove),
                         daemon=True).start()
    write_atomically(Path(chosen.dir).resolve() / f"{name}.json", json.dumps({
        "url": f"http{'s' if chosen.tls else ''}://127.0.0.1:{server.bind_addr[1]}{path}",
        "pid": os.getpid()}))
    server.serve()


def _end_with(parent: int, remove: str | None) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SEC)
    if remove:
        shutil.rmtree(remove, ignore_errors=True)
    os._exit(0)
