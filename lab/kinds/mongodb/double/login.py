"""SCRAM-SHA-256 as a server (RFC 7677; "SCRAM" of the manual): one user, whose password is known.

Stands for users that were created on the shard and in the cluster. Members know each other by the
key of their key file, which each message between them bears; the real ones log in with it.
"""
import base64
import hashlib
import hmac
import os
from typing import Any

from .wire import CommandError, Session

ROUNDS = 15000      # the server's default
SALT = hashlib.sha256(b"of this double").digest()[:28]


class Login:
    """One conversation."""

    def __init__(self, user: str, password: str, first: bytes):
        self._user = user
        self._salted = hashlib.pbkdf2_hmac("sha256", password.encode(), SALT, ROUNDS)
        self._first = first.decode().partition(",,")[2]
        parts = _parts(self._first)
        self._known = parts.get("n") == user
        nonce = parts["r"] + base64.b64encode(os.urandom(18)).decode()
        self._nonce = nonce
        self.challenge = f"r={nonce},s={base64.b64encode(SALT).decode()},i={ROUNDS}"

    def finish(self, final: bytes) -> bytes:
        """The server's signature; CommandError when the proof is wrong."""
        text = final.decode()
        parts, plain = _parts(text), text.rpartition(",p=")[0]
        message = f"{self._first},{self.challenge},{plain}".encode()
        client = _hmac(self._salted, b"Client Key")
        signature = _hmac(hashlib.sha256(client).digest(), message)
        proof = bytes(a ^ b for a, b in zip(client, signature, strict=True))
        given = base64.b64decode(parts.get("p", ""))
        if not (self._known and parts.get("r") == self._nonce
                and hmac.compare_digest(proof, given)):
            raise CommandError(18, "AuthenticationFailed", "Authentication failed.")
        return b"v=" + base64.b64encode(_hmac(_hmac(self._salted, b"Server Key"), message))


def start(command: dict[str, Any], session: Session, user: str, password: str) -> dict[str, Any]:
    """saslStart"""
    if command.get("mechanism") != "SCRAM-SHA-256":
        raise CommandError(334, "MechanismUnavailable", "Only SCRAM-SHA-256 is spoken here.")
    session.login = Login(user, password, command["payload"])
    return {"conversationId": 1, "done": False, "payload": session.login.challenge.encode()}


def go_on(command: dict[str, Any], session: Session, user: str) -> dict[str, Any]:
    """saslContinue"""
    if session.login is None:
        raise CommandError(17, "ProtocolError", "No SASL session state found")
    payload = session.login.finish(command["payload"])
    session.user, session.login = user, None
    return {"conversationId": 1, "done": True, "payload": payload}


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _parts(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(",") if "=" in part)
