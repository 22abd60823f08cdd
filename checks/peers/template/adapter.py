#!/usr/bin/env python3
"""An adapter to start from: `model conform` drives two vats of an implementation through it.

    python3 adapter.py             reads requests, one a line, and writes events (docs/adapter.md)
    python3 adapter.py --script    reads requests, and writes a program that makes them by itself

To write one for your own implementation:

1. Replace `toy` in `Vat.__init__` by your connection. It needs a transport that you hold in your
   hands: what it sends goes to `Pair.held_back`, and it reads when `deliver` says so. If your
   implementation runs threads or an event loop, let them settle before a request is answered.
2. Make `Thing` and `First` objects of your implementation's, with the methods that are called.
3. Go through the verbs of `Pair` from top to bottom. `open`, `send`, `deliver`, `drop`, `probe` and
   `forget` are enough for a start; take the others out of `CAN` until they work.
4. Try it by hand: type the requests of a schedule, and look at the events.

An adapter does what it is told, and reports what it sees. It judges nothing, and repairs nothing.
"""

import gc
import json
import sys
import weakref
from collections import deque

import toy
from script import write_script

CAN = [
    "call",
    "ask",
    "collect",
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


class NotDone(Exception):
    """The request cannot be done as things are. That is no failure: the schedule goes on."""


class First:
    """A vat's first object: what it is sent, the application holds."""

    def __init__(self, vat):
        self.vat = vat

    def receive(self, text, references, _task):
        # Names travel as plain data beside the references, so that we know what was meant.
        verb, *names = text.split() or [""]
        if verb == "take":
            self.vat.hold(names, references)


class Thing:
    """One of a vat's own objects. It can say its name, and be asked for something."""

    def __init__(self, name, vat):
        self.name = name
        self.vat = vat

    def receive(self, text, references, task):
        verb, *words = text.split() or [""]
        if verb == "name?" and task is not None:
            self.vat.connection.answer(task, f"name {self.name}", [])
        elif verb == "ask" and task is not None and words:
            question, *names = words
            self.vat.tasks[question] = task
            self.vat.report({"event": "asked", "vat": self.vat.id, "question": question})
            self.vat.hold(names, references)


class Vat:
    """One vat: a connection of the implementation's, and an application on top of it."""

    def __init__(self, vat, pair, connection):
        self.id = vat
        self.report = pair.report
        self.connection = connection(vat, pair.sent, First(self), self.ended)
        # The application's own objects, until it forgets them; and weak references to all that ever
        # were, for the witness: an adapter must not keep alive what the application has let go.
        self.own = {}
        self.made = []
        # The cupboard: what the application holds, by name.
        self.held = {}
        self.questions = {}
        self.tasks = {}
        # Proxies that were dropped and not collected, and those whose finalisers are owed; oldest
        # first, with the names that they were held under. An implementation with a real collector
        # has weak references here, or nothing: see `collect`.
        self.dropped = []
        self.owed = []

    def hold(self, names, references):
        for name, reference in zip(names, references):
            self.held.setdefault(name, []).append(reference)
            self.report({"event": "holds", "vat": self.id, "name": name})

    def find(self, name):
        if name not in self.held:
            raise NotDone(f"Vat{self.id} holds no {name}")
        return self.held[name][-1]

    def own_object(self, name):
        if name not in self.own:
            self.own[name] = Thing(name, self)
            self.made.append((name, weakref.ref(self.own[name])))
        return self.own[name]

    def references(self, refs):
        """What a request calls references: their names, and the references themselves."""
        names, references = [], []
        for ref in refs:
            if "promise" in ref:
                raise NotDone("this implementation has no promises of its own")
            name = ref.get("own") or ref.get("held")
            names.append(name)
            references.append(self.own_object(name) if "own" in ref else self.find(name))
        return names, references

    def let_go(self, name):
        for reference in self.held.pop(name, []):
            if isinstance(reference, toy.Proxy):
                self.dropped.append((name, reference))
        if name in self.questions:
            self.connection.give_up(self.questions.pop(name))

    def holds(self, proxy):
        return any(proxy is held for references in self.held.values() for held in references)

    def ended(self, reason):
        self.report({"event": "ended", "vat": self.id, "text": reason})
        for name, references in self.held.items():
            if any(isinstance(reference, toy.Proxy) for reference in references):
                self.report({"event": "broken", "vat": self.id, "name": name})


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
        """The application lets go of one of several copies. Of a proxy there is only one."""
        owner = self.vats[vat]
        if len(owner.held.get(name, [])) < 2:
            raise NotDone(f"Vat{vat} holds no copies of {name}")
        owner.held[name].pop()

    def do_probe(self, vat, name, probe):
        """What we hold is asked for its name. The answer comes when it comes."""
        target = self.vats[vat].find(name)

        def answered(text, _references, error):
            event = {"event": "answer", "vat": vat, "probe": probe}
            says = {"says": text.removeprefix("name ")} if error is None else {"error": error}
            self.report({**event, **says})

        if isinstance(target, toy.Proxy):
            self.vats[vat].connection.call(target, "name?", [], answered)
        else:
            # One of our own has come home to us: nothing goes over the wire.
            answered(f"name {target.name}", [], None)

    def do_forget(self):
        """Both applications let go of everything. Open tasks stay open."""
        for vat in self.vats.values():
            for name in [*vat.held, *vat.questions]:
                vat.let_go(name)
            vat.own.clear()

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

    def do_collect(self, vat, name=None):
        """`collect`: the weak reference to a dropped proxy is cleared; its finaliser is owed.

        With a collector that cannot be told what to collect, give the implementation weak
        references of your own making, if it lets you; otherwise leave `collect` out of `CAN`.
        """
        owner = self.vats[vat]
        for known_as, proxy in owner.dropped:
            fits = name in (None, known_as)
            if fits and owner.connection.is_live(proxy) and not owner.holds(proxy):
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
        write_script(connection, [NotDone, First, Thing, Vat, Pair])
    else:
        obey_requests(connection, misbehave)


if __name__ == "__main__":
    main(sys.argv[1:])
