#!/usr/bin/env python3
"""An adapter to start from: `model conform` drives two vats of an implementation through it.

    python3 adapter.py             reads requests, one a line, and writes events (docs/adapter.md)
    python3 adapter.py --script    reads requests, and writes a program that makes them by itself

To write one for your own implementation:

1. Replace `toy.Connection` (in `Pair.__init__`) by your connection, and `toy.Proxy`, `toy.Promise`
   and `toy.SessionOver` by what yours has. It needs a transport that you hold in your hands: what
   it sends goes to `Pair.held_back`, and it reads when `deliver` says so. If your implementation
   runs threads or an event loop, let them settle before a request is answered.
2. Make `Thing` and `First` objects of your implementation's, with the methods that are called, and
   `Pledge` a promise of its; if it has none of its own, `resolve` does not belong in `CAN`.
3. Go through the verbs of `Pair` from top to bottom. `open`, `send`, `deliver`, `drop`, `probe` and
   `forget` are enough for a start; take the others out of `CAN` until they work.
4. Try it by hand: type the requests of a schedule, and look at the events.

An adapter does what it is told, and reports what it sees. It judges nothing, and repairs nothing.
"""

import gc
import json
import sys
from collections import deque

import toy
from script import write_script
from vat import First, NotDone, Pledge, Thing, Vat

CAN = [
    "call",
    "ask",
    "collect",
    "resolve",
    "drop-one",
    "fail-send",
    "hostile",
    "cut",
    "tables",
    "witness",
    "memory",
    "script",
]

# The first line: who is driven, and the rules that it is held against (`model list --systems`).
HELLO = {
    "adapter": 1,
    "peer": "toy",
    "version": "1.0.0",
    "system": "e-captp",
    "wire": "lines",
    "can": CAN,
}


class Pair:
    """Two vats, and the wire between them. Every request is a method; `report` gets the events."""

    def __init__(self, report, connection=toy.Connection):
        self.report = report
        self.connection = connection
        self.vats = {}

    def obey(self, request):
        """Does one request. Returns `None` if it was done, or why it was not."""
        verb = getattr(self, "do_" + str(request.get("do")).replace("-", "_"), None)
        if verb is None:
            return f"no such request: {request.get('do')}"
        if not self.vats and request["do"] != "open":
            return "nothing is open"
        try:
            verb(**{name: value for name, value in request.items() if name != "do"})
        except (NotDone, toy.SessionOver) as why:
            return str(why)
        # The toy does everything at once, so both vats have settled. Yours may have to wait here.
        return None

    def sent(self, message):
        """The transport that the connections are given: messages are held back."""
        sender = message["from"]
        self.held_back["B" if sender == "A" else "A"].append(message)
        self.report({"event": "sent", "from": sender, "raw": message})

    # ---- every adapter can do these

    def do_open(self):
        """Throws the old pair away. If yours says something to begin with, deliver it here."""
        self.held_back = {"A": deque(), "B": deque()}
        self.vats = {vat: Vat(vat, self, self.connection) for vat in "AB"}

    def do_send(self, vat, refs):
        """A call of the peer's first object that wants no result."""
        names, references = self.vats[vat].references(refs)
        self.vats[vat].connection.call(None, " ".join(["take", *names]), references)

    def do_deliver(self, to):
        """One message is read. Whatever the peer has sent, the oldest comes first."""
        if not self.held_back[to]:
            raise NotDone(f"nothing is held back for Vat{to}")
        message = self.held_back[to].popleft()
        self.report({"event": "delivered", "to": to})
        self.vats[to].connection.read(message)

    def do_drop(self, vat, name):
        """The application lets go. An implementation without a collector releases here."""
        owner = self.vats[vat]
        if name not in owner.held and name not in owner.questions:
            raise NotDone(f"Vat{vat} holds no {name}")
        owner.let_go(name)

    def do_drop_one(self, vat, name):
        """The application lets go of one of several copies.

        Of an object's proxy there is only one; the copies of a promise are proxies of their own.
        """
        owner = self.vats[vat]
        if len(owner.held.get(name, [])) < 2:
            raise NotDone(f"Vat{vat} holds no copies of {name}")
        owner.let_go_of(name, owner.held[name].pop())

    def do_probe(self, vat, name, probe):
        """What we hold is asked for its name. The answer comes when it comes."""
        asker = self.vats[vat]

        def answered(text, _references, error):
            event = {"event": "answer", "vat": vat, "probe": probe}
            says = {"says": text.removeprefix("name ")} if error is None else {"error": error}
            self.report({**event, **says})

        def ask(target):
            # One of our own may have come home to us: then nothing goes over the wire.
            if isinstance(target, toy.Proxy):
                asker.connection.call(target, "name?", [], answered)
            elif isinstance(target, Pledge):
                target.when_resolved(ask)
            elif target is None:
                answered("", [], "the promise is broken")
            else:
                answered(f"name {target.name}", [], None)

        ask(asker.find(name))

    def do_forget(self):
        """Both applications let go of everything. Open tasks and promises stay open."""
        for vat in self.vats.values():
            for name in [*vat.held, *vat.questions]:
                vat.let_go(name)
            vat.own.clear()
            vat.promises.clear()

    # ---- the others are asked for only if the first line says so

    def do_call(self, vat, target):
        """`call`: what we hold is called, and no result is wanted."""
        held = self.vats[vat].find(target)
        if isinstance(held, toy.Proxy):
            self.vats[vat].connection.call(held, "touch", [])

    def do_ask(self, vat, target, question, refs=()):
        """`ask`: what we hold is called, and a result is wanted."""
        asker = self.vats[vat]
        held = asker.find(target)
        if not isinstance(held, toy.Proxy):
            raise NotDone(f"{target} is one of Vat{vat}'s own")
        names, references = asker.references(refs)

        def answered(text, references, error):
            asker.questions.pop(question, None)
            event = {"event": "answered", "vat": vat, "question": question}
            self.report(event if error is None else {**event, "error": error})
            _result, *names = text.split() or [""]
            asker.hold(names, references)

        text = " ".join(["ask", question, *names])
        asker.questions[question] = asker.connection.call(held, text, references, answered)

    def do_return(self, vat, question, refs=()):
        """`ask`: an open task is answered."""
        answerer = self.vats[vat]
        if question not in answerer.tasks:
            raise NotDone(f"Vat{vat} has no task {question}")
        names, references = answerer.references(refs)
        text = " ".join(["result", *names])
        answerer.connection.answer(answerer.tasks[question], text, references)
        del answerer.tasks[question]

    def do_resolve(self, vat, promise, refs=()):
        """`resolve`: a promise of our own is resolved to one reference; with none, it is broken."""
        owner = self.vats[vat]
        pledge = owner.own_promise(promise)
        names, references = owner.references(refs)
        if not pledge.is_open:
            raise NotDone(f"{promise} is resolved already")
        if any(isinstance(reference, Pledge) for reference in references):
            raise NotDone(f"{names[0]} is a promise of Vat{vat}'s itself")
        owner.connection.resolve(pledge, " ".join(["resolve", *names]), references)
        pledge.settle()

    def do_collect(self, vat, name=None):
        """`collect`: the weak reference to a dropped proxy is cleared; its finaliser is owed.

        With a collector that cannot be told what to collect, give the implementation weak
        references of your own making, if it lets you; otherwise leave `collect` out of `CAN`.
        """
        owner = self.vats[vat]
        for known_as, proxy in owner.dropped:
            fits = name in (None, known_as)
            if fits and owner.connection.is_live(proxy) and not owner.keeps(proxy):
                owner.connection.collect(proxy)
                owner.owed.append((known_as, proxy))
                owner.dropped = [entry for entry in owner.dropped if entry[1] is not proxy]
                return
        raise NotDone(f"Vat{vat} has no {name} to collect")

    def do_finalise(self, vat, name=None):
        """`collect`: one finaliser runs, the one that is owed longest."""
        owner = self.vats[vat]
        for position, (known_as, proxy) in enumerate(owner.owed):
            if name in (None, known_as):
                del owner.owed[position]
                owner.connection.finalise(proxy)
                return
        raise NotDone(f"Vat{vat} owes no finaliser")

    def do_fail_send(self, vat, refs):
        """`fail-send`: the references are followed by what cannot be serialised."""
        _names, references = self.vats[vat].references(refs)
        try:
            self.vats[vat].connection.call(None, object(), references)
        except TypeError:
            return
        self.report({"event": "error", "vat": vat, "text": "it could be serialised"})

    def do_hostile(self, to, raw):
        """`hostile`: a message is read that the peer has not sent."""
        self._check_open(to)
        self.vats[to].connection.read(raw)

    def do_cut(self, vat):
        """`cut`: the session ends. The peer hears of it when it has read what was sent before."""
        self._check_open(vat)
        self.vats[vat].connection.end(f"Vat{vat} ends it")

    def do_tables(self):
        """`tables`: leave out what your implementation does not show."""
        for vat in self.vats.values():
            self.report({"event": "tables", "vat": vat.id, **vat.connection.tables()})

    def do_witness(self):
        """`witness`: own objects that are still there and that the application does not hold."""
        gc.collect()
        for vat in self.vats.values():
            held = [id(thing) for thing in vat.own.values()]
            things = [(name, made()) for name, made in vat.made]
            alive = [name for name, thing in things if thing and id(thing) not in held]
            del things
            self.report({"event": "witness", "vat": vat.id, "alive": alive})

    def do_memory(self):
        """`memory`: whatever grows if the implementation forgets to forget."""
        gc.collect()
        self.report({"event": "memory", "bytes": sum(map(sys.getsizeof, gc.get_objects()))})

    def _check_open(self, vat):
        if self.vats[vat].connection.over is not None:
            raise NotDone(f"the session is over for Vat{vat}")


def obey_requests(connection, misbehave):
    """The shell: a request a line, and for each any number of events and a `done`."""

    def write(line):
        # Flush every line: whoever reads us waits for it.
        print(json.dumps(line), flush=True)

    pair = Pair(write, connection)
    write(HELLO)
    deliveries = 0
    for line in sys.stdin:
        request = json.loads(line)
        deliveries = 0 if request["do"] == "open" else deliveries + (request["do"] == "deliver")
        if request["do"] == "deliver":
            misbehave(deliveries)
        why = pair.obey(request)
        write({"done": True} if why is None else {"done": False, "why": why})


def main(arguments):
    connection, misbehave = toy.Connection, lambda _deliveries: None
    if "--defect" in arguments:
        import defects

        named = arguments[arguments.index("--defect") + 1 :]
        connection, misbehave = defects.chosen(named[0] if named else "")
    if "--script" in arguments:
        write_script(connection, [NotDone, First, Thing, Pledge, Vat, Pair])
    else:
        obey_requests(connection, misbehave)


if __name__ == "__main__":
    main(sys.argv[1:])
