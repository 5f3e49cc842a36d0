"""Mistral as a service of many processes, on Debian's MariaDB, RabbitMQ and HAProxy."""
from .service import MistralService

__all__ = ["MistralService"]
