"""Stands in for Cinder: a volume is available as soon as it is asked for."""
import uuid
from types import SimpleNamespace

from novaclient.exceptions import NotFound

VOLUMES: dict[str, SimpleNamespace] = {}


class Volumes:
    """What Trove uses of cinderclient's volume manager."""

    def create(self, size, name=None, description=None, volume_type=None, **_):
        volume = SimpleNamespace(
            id=str(uuid.uuid4()), size=size, name=name, description=description,
            volume_type=volume_type, status="available", attachments=[],
            availability_zone="nova", created_at="2026-01-01T00:00:00")
        VOLUMES[volume.id] = volume
        return volume

    def get(self, volume_id):
        if volume_id not in VOLUMES:
            raise NotFound(404, "no such volume")
        return VOLUMES[volume_id]

    def list(self, **_):
        return list(VOLUMES.values())

    def delete(self, volume):
        VOLUMES.pop(getattr(volume, "id", volume), None)


def client(context, region_name=None):
    """Trove's remote_cinder_client."""
    return SimpleNamespace(volumes=Volumes())
