"""A throwaway certificate authority, and a way to a server by another address or by TLS."""
import asyncio
import contextlib
import ssl
import threading

from trove_upgrade.lab.authority import PEM, Authority

from tests.waits import PATIENCE_SEC

__all__ = ["PEM", "Authority", "front"]


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
