"""The wire between the two vats: it holds every message back, and knows when nothing moves."""

import asyncio
import base64
import socket
import struct
from collections import deque

import capnp

# So many turns of the loop, in which nothing was scheduled and no bytes were waiting, mean that all
# has settled. Never more than 2 were seen before something moved again; each takes microseconds.
QUIET_TURNS = 12

OTHER = {"A": "B", "B": "A"}


class CountingLoop(asyncio.SelectorEventLoop):
    """An event loop that counts what is scheduled; KJ's events, too, are run by `call_soon`."""

    scheduled = 0

    def call_soon(self, callback, *args, context=None):
        """As in the base class."""
        self.scheduled += 1
        return super().call_soon(callback, *args, context=context)


def frame_length(data):
    """The bytes of the framed message that `data` starts with, or None if that is cut short."""
    if len(data) < 4:
        return None
    segments = struct.unpack_from("<I", data)[0] + 1
    table = 4 + 4 * segments
    table += table % 8
    if len(data) < table:
        return None
    return table + 8 * sum(struct.unpack_from(f"<{segments}I", data, 4))


class Side(asyncio.Protocol):
    """The relay's end of the socket to one vat."""

    def __init__(self, wire, vat):
        self.wire = wire
        self.vat = vat
        self.transport = None
        self.lost = False
        self.data = bytearray()

    def connection_made(self, transport):
        """Part of `asyncio.Protocol`."""
        self.transport = transport

    def data_received(self, data):
        """Part of `asyncio.Protocol`."""
        self.data += data
        length = frame_length(self.data)
        while length is not None and length <= len(self.data):
            message = bytes(self.data[:length])
            del self.data[:length]
            self.wire.sent(self.vat, message)
            length = frame_length(self.data)

    def eof_received(self):
        """Part of `asyncio.Protocol`. True keeps the other direction open."""
        self.wire.closed_by(self.vat)
        return True

    def connection_lost(self, exc):
        """Part of `asyncio.Protocol`."""
        self.lost = True
        self.wire.closed_by(self.vat)

    def busy(self):
        """Whether there are bytes that the vat has yet to read. One that has gone reads none."""
        gone = self.lost or self.vat in self.wire.gone
        return not gone and self.transport.get_write_buffer_size() > 0


class Wire:
    """Two sockets, and the messages held back for each vat."""

    def __init__(self, on_sent):
        self.on_sent = on_sent
        self.streams = {}
        self.sides = {}
        self.held = {"A": deque(), "B": deque()}
        self.gone = set()

    async def connect(self):
        """Makes the sockets; `streams` are then what each vat is to be given."""
        loop = asyncio.get_running_loop()
        for vat in "AB":
            inner, outer = socket.socketpair()
            self.streams[vat] = await capnp.AsyncIoStream.create_unix_connection(sock=inner)
            _, self.sides[vat] = await loop.create_unix_connection(
                lambda vat=vat: Side(self, vat), sock=outer
            )

    def sent(self, vat, message):
        """A vat has put a message on the wire. Nobody reads it if the peer has gone."""
        if OTHER[vat] not in self.gone:
            self.held[OTHER[vat]].append(message)
        self.on_sent(vat, message)

    def closed_by(self, vat):
        """A vat has closed its end: what is held back for it is lost; its peer may read on."""
        self.gone.add(vat)
        self.held[vat].clear()
        self.pass_on_the_end(OTHER[vat])

    def pass_on_the_end(self, vat):
        """Once a vat has read all that its vanished peer sent, it reads the end."""
        transport = self.sides[vat].transport
        if OTHER[vat] in self.gone and not self.held[vat] and not transport.is_closing():
            transport.close()

    def take(self, vat):
        """The oldest message held back for the vat, which is no longer held back, or None."""
        return self.held[vat].popleft() if self.held[vat] else None

    def write(self, vat, data):
        """Lets the vat read these bytes now."""
        self.sides[vat].transport.write(data)
        self.pass_on_the_end(vat)

    def close(self):
        """Throws the relay's ends away."""
        self.on_sent = lambda vat, message: None
        for side in self.sides.values():
            if not side.lost:
                side.transport.abort()

    async def settle(self):
        """Comes back when nothing moves any more but what is held back."""
        loop = asyncio.get_running_loop()
        quiet = 0
        while quiet < QUIET_TURNS:
            before = loop.scheduled
            await asyncio.sleep(0)
            # The one is this coroutine's own next turn.
            moved = loop.scheduled - before > 1
            moved = moved or any(side.busy() for side in self.sides.values())
            quiet = 0 if moved else quiet + 1


def raw(message):
    """A message as it is written in events."""
    return base64.b64encode(message).decode("ascii")
