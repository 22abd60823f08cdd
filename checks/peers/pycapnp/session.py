"""What the tests ask a pair with."""

import asyncio
import base64
import os

import capnp

from pair import Pair
from relay import CountingLoop, raw

HERE = os.path.dirname(os.path.abspath(__file__))


class Session:
    """A pair, what it said, and shorter ways to ask."""

    def __init__(self):
        self.events = []
        self.pair = Pair(os.path.join(HERE, "vats.capnp"), self.events.append)

    async def do(self, what, **fields):
        """Whether a request was done."""
        return (await self.pair.do({"do": what, **fields}))["done"]

    async def drain(self):
        """Delivers until nothing is held back."""
        while await self.do("deliver", to="A") or await self.do("deliver", to="B"):
            pass

    async def give(self, vat, *refs):
        """Sends references and delivers everything."""
        await self.do("send", vat=vat, refs=list(refs))
        await self.drain()

    async def says(self, vat, name):
        """What is held under a name says this, after everything is delivered."""
        await self.do("probe", vat=vat, name=name, probe=1)
        await self.drain()
        return self.named("answer")[-1].get("says")

    async def witnesses(self):
        """What is alive at A and at B."""
        await self.do("witness")
        return [event["alive"] for event in self.named("witness")[-2:]]

    def named(self, name):
        """The events of this name so far."""
        return [event for event in self.events if event["event"] == name]

    def messages(self, since=0):
        """The messages put on the wire, from one event on: who, kind, fields."""
        found = []
        for event in self.events[since:]:
            if event["event"] == "sent":
                with self.pair.rpc.Message.from_bytes(base64.b64decode(event["raw"])) as read:
                    kind = str(read.which())
                    fields = read.to_dict().get(kind)
                found.append((event["from"], kind, fields))
        return found

    def releases(self, since=0):
        """The counts of the Releases among them."""
        return [
            fields["referenceCount"]
            for _, kind, fields in self.messages(since)
            if kind == "release"
        ]

    def unreleased(self, since=0):
        """How many mentions of exports, in calls and Resolves, are not released."""
        count = -sum(self.releases(since))
        for _, kind, fields in self.messages(since):
            table = fields["params"].get("capTable", []) if kind == "call" else []
            table = [fields.get("cap", {})] if kind == "resolve" else table
            count += sum("senderHosted" in cap or "senderPromise" in cap for cap in table)
        return count

    def hostile(self, **message):
        """A message in base64."""
        return raw(self.pair.rpc.Message.new_message(**message).to_bytes())


BOB = {"own": "Bob"}
BEN = {"own": "Ben"}
ALICE = {"own": "Alice"}
PROMISE = {"promise": "pB1"}


def session(test):
    """Runs an asynchronous test in an open session."""

    def run(self):
        async def within():
            async with capnp.kj_loop():
                opened = Session()
                await opened.do("open")
                await test(self, opened)
                await opened.pair.close()

        with asyncio.Runner(loop_factory=CountingLoop) as runner:
            runner.run(within())

    return run
