"""An oslo.messaging driver for one process: messages in memory, delivered when they are sent.

The stock ``fake://`` driver's listeners look for messages every 50 ms, and a task of a workflow
takes four messages. Here a sender wakes the listener, so a message takes microseconds.
Found by oslo.messaging through the entry point ``oslo.messaging.drivers``.
"""
import threading
import time

import oslo_messaging
from oslo_messaging._drivers import base, impl_fake


class Exchange(impl_fake.FakeExchange):
    """The stock in-memory queues, with a bell that rings at each delivery."""

    def __init__(self, name):
        super().__init__(name)
        self.bell = threading.Condition(self._queues_lock)

    def deliver_message(self, *args, **kwargs):
        """Put the message into its queues and wake the listeners."""
        with self.bell:
            super().deliver_message(*args, **kwargs)
            self.bell.notify_all()


class ExchangeManager(impl_fake.FakeExchangeManager):
    """One exchange a name, for the whole process."""

    _exchanges_lock = threading.Lock()
    _exchanges: dict = {}

    def get_exchange(self, name):
        """Return the exchange of that name, or the default one for None."""
        name = name or self._default_exchange
        with self._exchanges_lock:
            if name not in self._exchanges:
                self._exchanges[name] = Exchange(name)
            return self._exchanges[name]


class Listener(impl_fake.FakeListener):
    """Waits for the bell instead of looking every 50 ms."""

    @base.batch_poll_helper
    def poll(self, timeout=None):
        """Return the next message, or None when it is stopped or ``timeout`` seconds are over."""
        deadline = None if timeout is None else time.monotonic() + timeout
        exchange = self._exchange_manager.get_exchange(self._targets[0].exchange)
        with exchange.bell:
            while not self._stopped.is_set():
                message = self._next(exchange)
                if message is not None:
                    return message
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return None
                exchange.bell.wait(left)
        return None

    def _next(self, exchange):
        for target in self._targets:
            context, message, reply, requeue = exchange.poll(target, self._pool)
            if message is not None:
                return impl_fake.FakeIncomingMessage(context, message, reply, requeue)
        return None

    def stop(self):
        """Stop listening, also while waiting."""
        super().stop()
        for target in self._targets:
            exchange = self._exchange_manager.get_exchange(target.exchange)
            with exchange.bell:
                exchange.bell.notify_all()


class MemoryDriver(impl_fake.FakeDriver):
    """``trove-upgrade-memory://``: RPC between the threads of one process."""

    def __init__(self, conf, url, default_exchange=None, allowed_remote_exmods=None):
        super().__init__(conf, url, default_exchange, allowed_remote_exmods)
        self._exchange_manager = ExchangeManager(default_exchange)

    def listen(self, target, batch_size, batch_timeout):
        """Listen to the target's own queue and to its topic's, as the stock driver does."""
        exchange = target.exchange or self._default_exchange
        targets = [oslo_messaging.Target(topic=target.topic, server=server, exchange=exchange)
                   for server in (target.server, None)]
        return base.PollStyleListenerAdapter(
            Listener(self._exchange_manager, targets), batch_size, batch_timeout)
