"""Start one server: see the package."""
import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from .base import QUIESCE_SEC
from .router import Mongos
from .shard import Mongod
from .storage import BadData
from .wire import CommandError, Listener

NEED_DOWNGRADE = 62     # the exit code of a binary that can't read its data


def main() -> int:
    parser = argparse.ArgumentParser(description="A double of mongod and mongos")
    parser.add_argument("--config", required=True, help="file: host, port, process, set, role ...")
    parser.add_argument("--release", required=True, help="the release it plays, such as 7.0.15")
    options = parser.parse_args()
    config = json.loads(Path(options.config).read_text())
    config["data"] = Path(options.config).parent
    try:
        asyncio.run(_run(config, options.release))
    except BadData as error:
        print(error, file=sys.stderr)
        return NEED_DOWNGRADE
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _run(config: dict, release: str) -> None:
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    server = Mongos(config, release) if config["process"] == "mongos" else Mongod(config, release)
    if isinstance(server, Mongos):
        await server.start()
    listener = await Listener(server.handle).open(config["host"], config["port"])
    await over.wait()
    await server.stop()
    await asyncio.sleep(QUIESCE_SEC)
    await listener.close()
    await server.close()


if __name__ == "__main__":
    sys.exit(main())
