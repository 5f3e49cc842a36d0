"""A throwaway certificate authority, and a way to a server by another address or by TLS."""
import asyncio
import contextlib
import datetime
import ipaddress
import ssl
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.waits import PATIENCE_SEC

PEM = serialization.Encoding.PEM
DAY = datetime.timedelta(days=1)


class Authority:
    """Its own certificate is in `file`; `issue` makes certificates of servers."""

    def __init__(self, directory: Path, name: str = "throwaway CA"):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._builder(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
                self._key, hashes.SHA256())
        self.file = directory / f"{name.replace(' ', '-')}.pem"
        self.file.write_bytes(made.public_bytes(PEM))

    def issue(self, directory: Path, address: str) -> tuple[Path, Path]:
        """(certificate, key) of whoever has this address, in files that only their owner reads."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a member")])
        made = self._builder(name, key).add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]),
            critical=False).sign(self._key, hashes.SHA256())
        certificate, secret = directory / "server.crt", directory / "server.key"
        for path, content in ((certificate, made.public_bytes(PEM)), (secret, key.private_bytes(
                PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))):
            path.touch(mode=0o600)
            path.write_bytes(content)
        return certificate, secret

    def _builder(self, name, key):
        now = datetime.datetime.now(datetime.UTC)
        return (x509.CertificateBuilder().subject_name(name).issuer_name(self._name)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now - DAY).not_valid_after(now + DAY))


@contextlib.contextmanager
def front(listen: tuple[str, int], target: tuple[str, int], certificate=None, clients=None):
    """Whoever connects to `listen` speaks to `target`; with (certificate, key) by TLS, with a file
    of authorities `clients` only with a certificate of theirs."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        if clients:
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_REQUIRED
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve():
        server = await asyncio.start_server(lambda *client: _carry(target, *client), *listen,
                                            ssl=context)
        loop.set_exception_handler(lambda *_: None)      # clients that do not trust it go away
        async with server:
            ready.set()
            await over.wait()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in range(5):      # a connection that ended gives its socket back in the next rounds
            await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    try:
        assert ready.wait(PATIENCE_SEC), "nobody listens"
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(PATIENCE_SEC)
        loop.close()


async def _carry(target, reader, writer):
    """One connection, until either side ends it."""
    far_reader, far_writer = await asyncio.open_connection(*target)
    try:
        await asyncio.wait({asyncio.ensure_future(_pump(reader, far_writer)),
                            asyncio.ensure_future(_pump(far_reader, writer))},
                           return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in (writer, far_writer):
            one.transport.abort()


async def _pump(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
