"""Two vats of Cap'n Proto's C++ implementation, and what is asked of them."""

import asyncio
import base64
import binascii
import gc
import os

import capnp

from relay import Wire, raw
from vat import Unable, Vat, text_of

STATM = "/proc/self/statm"


class Pair:
    """Does requests, one at a time. `emit` takes events; `schema` is the path of `vats.capnp`."""

    def __init__(self, schema, emit):
        package = os.path.dirname(capnp.__file__)
        self.schema = capnp.load(schema)
        self.rpc = capnp.load(
            os.path.join(package, "rpc.capnp"), imports=[os.path.dirname(package)]
        )
        self.emit = emit
        self.wire = None
        self.vats = {}
        self.reader = "A"

    async def do(self, request):
        """Does one request and returns its answer, when both vats have settled."""
        try:
            name = request["do"].replace("-", "_")
            if self.wire is None and name != "open":
                raise Unable("nothing is open")
            doer = getattr(self, f"do_{name}", None)
            if doer is None:
                raise Unable(f"cannot {request['do']}")
            await doer(request)
            await self.wire.settle()
        except Unable as unable:
            return {"done": False, "why": str(unable)}
        for vat in self.vats.values():
            vat.report_end()
        return {"done": True}

    def unhandled(self, _loop, context):
        """An exception that nobody caught; whose it is, is known only from who read last."""
        error = context.get("exception")
        text = context["message"] + (f": {text_of(error)}" if error else "")
        self.emit({"event": "error", "vat": self.reader, "text": text[:400]})

    def sent(self, vat, message):
        """A vat has put a message on the wire."""
        self.emit({"event": "sent", "from": vat, "raw": raw(message)})
        self.note_abort(vat, "aborted", message)

    def note_abort(self, vat, how, message):
        """Remembers the reason that an Abort gives."""
        with self.rpc.Message.from_bytes(message) as read:
            if read.which() == "abort" and self.vats[vat].reason is None:
                self.vats[vat].reason = f"{how}: {read.abort.reason}"

    def vat(self, request):
        """The vat of a request."""
        return self.vats[request["vat"]]

    # The requests.

    async def do_open(self, _request):
        """Two fresh vats that have each other's first object."""
        await self.close()
        asyncio.get_running_loop().set_exception_handler(self.unhandled)
        self.wire = Wire(self.sent)
        await self.wire.connect()
        self.vats = {name: Vat(name, self.schema, self.emit) for name in "AB"}
        for name, vat in self.vats.items():
            vat.connect(self.wire.streams[name])
        for vat in self.vats.values():
            vat.meet()
            await self.deliver_all()

    async def deliver_all(self):
        """Until nothing is held back."""
        await self.wire.settle()
        while any(self.wire.held.values()):
            for name in "AB":
                if self.wire.held[name]:
                    self.deliver(name)
                    await self.wire.settle()

    async def close(self):
        """Throws the pair away. What is said about that goes to standard error."""
        asyncio.get_running_loop().set_exception_handler(None)
        for vat in self.vats.values():
            vat.abandon()
        if self.wire is not None:
            self.wire.close()
            await self.wire.settle()
        self.vats = {}
        self.wire = None
        gc.collect()

    def deliver(self, name):
        """A vat reads the oldest message held back for it."""
        message = self.wire.take(name)
        if message is None:
            raise Unable(f"nothing is held back for Vat{name}")
        self.reader = name
        self.emit({"event": "delivered", "to": name})
        self.note_abort(name, "the peer aborted", message)
        self.wire.write(name, message)

    async def do_deliver(self, request):
        """See `deliver`."""
        self.deliver(request["to"])

    async def do_hostile(self, request):
        """A vat reads a message that its peer has not sent."""
        name = request["to"]
        if name in self.wire.gone:
            raise Unable(f"Vat{name} reads no more")
        try:
            message = base64.b64decode(request["raw"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise Unable(f"not base64: {error}") from None
        self.reader = name
        self.wire.write(name, message)

    async def do_send(self, request):
        """See `Vat.send`."""
        self.vat(request).send(request["refs"])

    async def do_fail_send(self, request):
        """See `Vat.fail_send`."""
        self.vat(request).fail_send(request["refs"])

    async def do_call(self, request):
        """See `Vat.call`."""
        self.vat(request).call(request["target"])

    async def do_ask(self, request):
        """See `Vat.ask`."""
        self.vat(request).ask(request["target"], request["refs"], request["question"])

    async def do_return(self, request):
        """See `Vat.give`."""
        self.vat(request).give(request["question"], request["refs"])

    async def do_resolve(self, request):
        """See `Vat.resolve`."""
        self.vat(request).resolve(request["promise"], request["refs"])

    async def do_drop(self, request):
        """See `Vat.drop`."""
        self.vat(request).drop(request["name"])

    async def do_drop_one(self, request):
        """See `Vat.drop_one`."""
        self.vat(request).drop_one(request["name"])

    async def do_probe(self, request):
        """See `Vat.probe`."""
        self.vat(request).probe(request["name"], request["probe"])

    async def do_cut(self, request):
        """A vat ends the session."""
        vat = self.vat(request)
        if vat.ended:
            raise Unable(f"the session of Vat{vat.name} is over")
        vat.cut()

    async def do_forget(self, _request):
        """See `Vat.forget`."""
        for vat in self.vats.values():
            vat.forget()

    async def do_witness(self, _request):
        """See `Vat.alive`."""
        for name, vat in self.vats.items():
            self.emit({"event": "witness", "vat": name, "alive": vat.alive()})

    async def do_memory(self, _request):
        """The resident memory of this process."""
        gc.collect()
        with open(STATM, encoding="ascii") as statm:
            pages = int(statm.read().split()[1])
        self.emit({"event": "memory", "bytes": pages * os.sysconf("SC_PAGE_SIZE")})
