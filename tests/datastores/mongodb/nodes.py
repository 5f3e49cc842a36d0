"""A sharded cluster of doubles in one thread of this process, on a loopback network of its own."""
import asyncio
import contextlib
import threading

import pymongo
from trove_upgrade.lab.kinds.mongodb.double.router import Mongos
from trove_upgrade.lab.kinds.mongodb.double.shard import Mongod
from trove_upgrade.lab.kinds.mongodb.double.wire import Listener, ask
from trove_upgrade.lab.settings import free_network

from tests.waits import PATIENCE_SEC, until

USER, PASSWORD, KEY = "admin", "open sesame", "the key of the key file"
TIMES = {"electionTimeoutMillis": 800, "heartbeatIntervalMillis": 100}


class Doubles:
    """Servers by name; each has an address of its own and a data directory."""

    def __init__(self, directory):
        self.directory = directory
        self.network, self.port = free_network()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._configs, self._running, self._clients = {}, {}, []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        for client in self._clients:
            client.close()
        for name in list(self._running):
            self.kill(name)
        self._do(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # Servers
    def add(self, name, release="6.0.19", **config):
        """A new server with an address of its own, started."""
        data = self.directory / name
        data.mkdir()
        self._configs[name] = {
            "host": f"{self.network}.{11 + len(self._configs)}", "port": self.port, "key": KEY,
            "user": USER, "password": PASSWORD, "data": data, "process": "mongod",
            "role": "shardsvr", **config}
        self.start(name, release)

    def start(self, name, release):
        """Start it on its data; BadData or CommandError when it refuses them."""
        self._running[name] = self._do(self._start(self._configs[name], release))

    def stop(self, name):
        """As on SIGTERM."""
        self._do(self._running[name][0].stop())
        self.kill(name)

    def kill(self, name):
        """As kill -9: no word to anybody."""
        self._do(_end(*self._running.pop(name)))

    def host(self, name):
        return f"{self._configs[name]['host']}:{self.port}"

    def server(self, name):
        return self._running[name][0]

    def command(self, name, command, timeout=PATIENCE_SEC):
        """One command as another member asks it."""
        return ask(self._configs[name]["host"], self.port, {**command, "$clusterKey": KEY}, timeout)

    def initiate(self, name, members):
        rows = [{"_id": number, "host": self.host(one)} for number, one in enumerate(members)]
        self.command(members[0], {"replSetInitiate": {"_id": name, "members": rows,
                                                      "settings": TIMES}})
        until(lambda: sorted(self.states(members)) == ["PRIMARY", "SECONDARY", "SECONDARY"])

    def states(self, members):
        """What each member of the set is, by the first one's word."""
        status = self.command(members[0], {"replSetGetStatus": 1})
        return [row["stateStr"] for row in status.get("members", ())]

    def primary(self, members):
        """Name of the member that leads; waits for one."""
        def leading():
            return [one for one in members if one in self._running
                    and self.command(one, {"hello": 1})["isWritablePrimary"]]
        until(leading)
        return leading()[0]

    # Clients
    def client(self, *names, **options):
        """A stock client of one server, or of several routers."""
        options = {"username": USER, "password": PASSWORD, "w": "majority",
                   "serverSelectionTimeoutMS": 10000, "directConnection": len(names) == 1,
                   **options}
        self._clients.append(pymongo.MongoClient([self.host(one) for one in names], **options))
        return self._clients[-1]

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE_SEC)

    async def _start(self, config, release):
        server = Mongos(config, release) if config["process"] == "mongos" else \
            Mongod(config, release)
        if isinstance(server, Mongos):
            await server.start()
        return server, await Listener(server.handle).open(config["host"], config["port"])


async def _end(server, listener):
    await listener.close()
    await server.close()


async def _cancel_all():
    await asyncio.sleep(0)      # a task that has not begun would not close its connection
    while tasks := asyncio.all_tasks() - {asyncio.current_task()}:      # who ends may begin others
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in range(3):      # a closed connection gives its socket back in the next rounds
            await asyncio.sleep(0)


CONFIG, RS1, RS2 = (tuple(f"{name}-{number}" for number in (1, 2, 3))
                    for name in ("config", "rs1", "rs2"))
ROUTERS = ("mongos-1", "mongos-2")


@contextlib.contextmanager
def sharded_cluster(directory, shards=2, release="6.0.19"):
    """Config servers, shards of three, two routers."""
    with Doubles(directory) as doubles:
        sets = {"config": CONFIG, "rs1": RS1, "rs2": RS2}
        for name, members in list(sets.items())[:shards + 1]:
            for one in members:
                doubles.add(one, release, set=name,
                            role="configsvr" if name == "config" else "shardsvr")
            doubles.initiate(name, members)
        configdb = "config/" + ",".join(map(doubles.host, CONFIG))
        for one in ROUTERS:
            doubles.add(one, release, process="mongos", configdb=configdb)
        for name in ("rs1", "rs2")[:shards]:
            first = doubles.host(f"{name}-1")
            answer = doubles.command("mongos-1", {"addShard": f"{name}/{first}"})
            assert answer["ok"], answer
        yield doubles


