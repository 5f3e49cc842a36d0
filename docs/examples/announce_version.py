#!/usr/bin/env python3
"""Announce that a cluster may go to a version: an event trigger of Mistral then upgrades it.

An oslo notification of type trove.datastore_version.activated, as an operator (or the job that
publishes a new guest image) sends it. Needs oslo.messaging and oslo.context.
"""
import argparse

from oslo_config import cfg
from oslo_context.context import RequestContext
from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)      # before oslo.messaging, which wants one
import oslo_messaging  # noqa: E402

EVENT = "trove.datastore_version.activated"


class ContextSerializer(oslo_messaging.NoOpSerializer):
    """Without it the receiver gets no context, and Mistral no project to choose triggers by."""

    def serialize_context(self, context):
        """The context as a dict."""
        return context if isinstance(context, dict) else context.to_dict()


def announce(options):
    """Send one notification."""
    conf = cfg.ConfigOpts()
    conf([])
    oslo_messaging.set_transport_defaults(options.exchange)
    transport = oslo_messaging.get_notification_transport(conf, url=options.transport_url)
    notifier = oslo_messaging.Notifier(
        transport, publisher_id="announce_version", driver="messagingv2", topics=[options.topic],
        serializer=ContextSerializer(), retry=3)
    notifier.info(RequestContext(project_id=options.project), EVENT,
                  {"cluster_id": options.cluster, "datastore_version": options.version})


def main():
    """Read the command line and send."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transport-url", required=True,
                        help="for example rabbit://openstack:PASSWORD@controller:5672/")
    parser.add_argument("--exchange", default="trove", help="default: %(default)s")
    parser.add_argument("--topic", default="notifications", help="default: %(default)s")
    parser.add_argument("--project", required=True,
                        help="id of the project that owns the trigger; only its triggers fire")
    parser.add_argument("--cluster", required=True, help="id of the cluster")
    parser.add_argument("--version", required=True, help="id or name of the datastore version")
    announce(parser.parse_args())


if __name__ == "__main__":
    main()
