"""Event triggers in the embedded engine: Mistral's event engine, with three of its traps taken out.

- It listens on the transport of its RPC, which here is this process's memory. Notifications of
  other services come over a broker: [oslo_messaging_notifications] transport_url says which.
- Its loop asks an empty queue again and again, which takes a core. Here the queue waits.
- What goes wrong with one event (a definition that does not fit, a trust that is gone) ends its
  loop, and nothing fires any more. Here it is written down and the loop goes on.
"""
import queue

import oslo_messaging
from mistral import messaging
from mistral.event_engine import default_event_engine, event_engine_server
from oslo_config import cfg
from oslo_log import log

LOG = log.getLogger(__name__)
WAIT_SEC = 0.5      # also how long a stop may take


class EventQueue(queue.Queue):
    """A queue whose ``get_nowait`` waits for a while."""

    def get_nowait(self):
        """Return the next event; raise queue.Empty after WAIT_SEC."""
        return self.get(timeout=WAIT_SEC)


class EventEngine(default_event_engine.DefaultEventEngine):
    """Starts workflows when notifications come."""

    def __init__(self):
        super().__init__()
        self.event_queue = EventQueue()
        self._transport = oslo_messaging.get_notification_transport(cfg.CONF)

    def _loop(self, *args, **kwargs):
        while not self._stopped:
            try:
                super()._loop(*args, **kwargs)
            except Exception:
                LOG.exception("An event could not be handled; no workflow was started for it")

    def _add_event_listener(self, exchange, topic, events):
        """Listen to these events, and to those that this place was listened to for before."""
        key = (exchange, topic)
        if known := self.exchange_topic_listener_map.pop(key, None):
            known.stop()
            known.wait()
        listener = oslo_messaging.get_notification_listener(
            self._transport, [oslo_messaging.Target(exchange=exchange, topic=topic)],
            [self._get_endpoint_cls(events)(self)], executor="threading",
            pool=messaging.get_pool_name(exchange))
        listener.start()
        self.exchange_topic_listener_map[key] = listener


def get_oslo_service():
    """Return the service, as Mistral's own modules of servers do."""
    return event_engine_server.EventEngineServer(EventEngine())
