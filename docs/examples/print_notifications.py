#!/usr/bin/env python3
"""Print the notifications of upgrades, one JSON object a line, until it is stopped.

A listener as any service has it: with --pool, several of the same name share the messages; without
it, they are taken from whoever else listens to the topic. Needs oslo.messaging.
"""
import argparse
import json
import queue
import signal
import threading

from oslo_config import cfg
from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)      # before oslo.messaging, which wants one
import oslo_messaging  # noqa: E402


class Printer:
    """An endpoint: oslo.messaging calls the method that is named after the priority."""

    filter_rule = oslo_messaging.NotificationFilter(event_type=r"^trove\.cluster\.upgrade\.")

    def __init__(self):
        self._seen = set()
        self._one = threading.Lock()        # several threads call; a line is printed whole

    def info(self, context, publisher_id, event_type, payload, metadata):
        """Print what is new; a notification that was sent twice has the same key."""
        with self._one:
            if payload["key"] not in self._seen:
                self._seen.add(payload["key"])
                print(json.dumps({"event_type": event_type, "publisher_id": publisher_id,
                                  "timestamp": metadata["timestamp"], "context": context,
                                  "payload": payload}), flush=True)


def listen(options):
    """Listen until SIGINT or SIGTERM."""
    stop = queue.SimpleQueue()      # a second signal could find an Event locked by the first
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.put(None))
    conf = cfg.ConfigOpts()
    conf([])
    transport = oslo_messaging.get_notification_transport(conf, url=options.transport_url)
    listener = oslo_messaging.get_notification_listener(
        transport, [oslo_messaging.Target(topic=options.topic, exchange=options.exchange)],
        [Printer()], executor="threading", pool=options.pool)
    listener.start()
    print(json.dumps({"listening": options.topic}), flush=True)
    stop.get()
    listener.stop()
    listener.wait()


def main():
    """Read the command line and listen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transport-url", required=True,
                        help="for example rabbit://openstack:PASSWORD@controller:5672/")
    parser.add_argument("--exchange", default="openstack",
                        help="[DEFAULT] control_exchange of Mistral; default: %(default)s")
    parser.add_argument("--topic", default="notifications", help="default: %(default)s")
    parser.add_argument("--pool", help="name of a group of listeners with a queue of its own")
    listen(parser.parse_args())


if __name__ == "__main__":
    main()
