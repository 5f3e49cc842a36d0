"""The real Trove API twice in one process, on one database: as Trove ships it, and with the filter.

`python server.py DIRECTORY PARENT`. When both listen, DIRECTORY/apis.json appears: {"stock",
"ours"}, a URL each, and "routes": [method, path] of all that Trove's own router knows. There is no
taskmanager: what the API asks of it stays undone, so that a request changes the same on either
side. DIRECTORY/more.conf holds further options.
"""
import json
import os
import signal
import sys
import time
from pathlib import Path

PIPELINES = {"stock": "token", "ours": "token-rest"}


def main():
    import trove.cmd  # noqa: F401  eventlet takes over first of all
    directory, parent = Path(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    from trove_upgrade.lab import settings, trove_server
    from trove_upgrade.lab.doubles import state
    settings.Settings.choose().save(directory)
    state.use(directory)
    trove_server._initialize_trove(directory)
    _register_further_datastores()
    (directory / "apis.new").write_text(json.dumps({
        "routes": _routes(), **{name: _serve(pipeline) for name, pipeline in PIPELINES.items()}}))
    (directory / "apis.new").rename(directory / "apis.json")
    while os.getppid() == parent:
        time.sleep(0.2)


def _register_further_datastores():
    """Those whose strategies refuse an upgrade of the cluster."""
    from trove.datastore import models
    for name, old, new in (("mongodb", "4.4.29", "5.0.31"), ("vertica", "9.0.1", "9.1.0")):
        models.update_datastore(name, None)
        for number in (old, new):
            models.update_datastore_version(
                name, number, name, "lab-image", [], "", 1,
                "trove.extensions.common.service.DefaultRootController", "none", version=number)


def _routes():
    from trove.common.api import API
    return sorted({(method, route.routepath) for route in API().map.matchlist
                   for method in (route.conditions or {}).get("method", ["GET"])})


def _serve(pipeline):
    import eventlet
    import eventlet.wsgi
    from trove.common import cfg, pastedeploy
    app = pastedeploy.paste_deploy_app(cfg.CONF.api_paste_config, pipeline, {})
    listener = eventlet.listen(("127.0.0.1", 0))
    nowhere = Path(os.devnull).open("w")     # noqa: SIM115  as long as the process
    eventlet.spawn(eventlet.wsgi.server, listener, app, log=nowhere, debug=False)
    return f"http://127.0.0.1:{listener.getsockname()[1]}/v1.0"


if __name__ == "__main__":
    main()
