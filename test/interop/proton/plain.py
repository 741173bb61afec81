"""SASL PLAIN (and TLS below it) in front of a broker without: Debian builds Proton without Cyrus SASL, so its servers know no passwords.

What is said is spec 5.3, in Proton's own encoding; behind a login that fits, bytes go to and fro as they are.
"""

import asyncio
import ssl
import threading

from proton import Array, Data, Described, UNDESCRIBED, symbol, ubyte, ulong

HEADER = b"AMQP\x03\x01\x00\x00"
MECHANISMS, INIT, OUTCOME = 0x40, 0x41, 0x44
OK, AUTH = 0, 1


def serve(port, forward_to, username, password, tls, tell):
    """Listens in a thread of its own, and tells so, and of every login."""
    wanted = b"\0%s\0%s" % (username.encode(), password.encode())

    async def accept(reader, writer):
        try:
            if not await login(reader, writer, wanted, tell):
                return
            behind = await asyncio.open_connection("127.0.0.1", forward_to)
            await asyncio.gather(pipe(reader, behind[1]), pipe(behind[0], writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def listen():
        server = await asyncio.start_server(accept, "127.0.0.1", port, ssl=context(tls))
        tell("listening", port=server.sockets[0].getsockname()[1])
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(listen()), daemon=True).start()


def context(tls):
    if tls is None:
        return None
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*tls)
    return made


async def login(reader, writer, wanted, tell):
    if await reader.readexactly(len(HEADER)) != HEADER:
        return False
    writer.write(HEADER + frame(MECHANISMS, [Array(UNDESCRIBED, Data.SYMBOL, symbol("PLAIN"))]))
    size = int.from_bytes(await reader.readexactly(4), "big")
    data = Data()
    data.decode((await reader.readexactly(size - 4))[4:])
    data.next()
    init = data.get_object()
    mechanism, response = init.value[:2]
    fits = init.descriptor == INIT and mechanism == "PLAIN" and response == wanted
    writer.write(frame(OUTCOME, [ubyte(OK if fits else AUTH)]))
    await writer.drain()
    tell("login", fits=fits)
    return fits


def frame(descriptor, fields):
    data = Data()
    data.put_object(Described(ulong(descriptor), fields))
    body = data.encode()
    return (len(body) + 8).to_bytes(4, "big") + b"\x02\x01\0\0" + body


async def pipe(reader, writer):
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()
