"""A vat: a connection of the implementation's, and an application that keeps what it is sent."""

import weakref

import toy


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
            self.say_name(task)
        elif verb == "ask" and task is not None and words:
            question, *names = words
            self.vat.tasks[question] = task
            self.vat.report({"event": "asked", "vat": self.vat.id, "question": question})
            self.vat.hold(names, references)

    def say_name(self, task):
        self.vat.connection.answer(task, f"name {self.name}", [])


class Pledge(Thing, toy.Promise):
    """One of a vat's own promises. Whoever asks for its name waits until it is resolved."""

    def __init__(self, name, vat):
        Thing.__init__(self, name, vat)
        toy.Promise.__init__(self)
        self.waiting = []

    def say_name(self, task):
        connection = self.vat.connection
        self.when_resolved(lambda _to: connection.deliver(self, "name?", [], task))

    def when_resolved(self, wait):
        """`wait` is called with what it is resolved to, `None` if it is broken; perhaps at once."""
        if self.is_open:
            self.waiting.append(wait)
        else:
            wait(self.reference)

    def settle(self):
        """It is resolved: whoever has waited is told."""
        waiting, self.waiting = self.waiting, []
        for wait in waiting:
            wait(self.reference)


class Vat:
    """One vat: a connection of the implementation's, and an application on top of it."""

    def __init__(self, vat, pair, connection):
        self.id = vat
        self.report = pair.report
        self.connection = connection(vat, pair.sent, First(self), self.resolved, self.ended)
        # The application's own objects, until it forgets them; and weak references to all that ever
        # were, for the witness: an adapter must not keep alive what the application has let go.
        self.own = {}
        self.made = []
        self.promises = {}
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

    def own_promise(self, name):
        return self.promises.setdefault(name, Pledge(name, self))

    def references(self, refs):
        """What a request calls references: their names, and the references themselves."""
        names, references = [], []
        for ref in refs:
            [(kind, name)] = ref.items()
            find = {"own": self.own_object, "promise": self.own_promise, "held": self.find}[kind]
            names.append(name)
            references.append(find(name))
        return names, references

    def let_go(self, name):
        for reference in self.held.pop(name, []):
            self.let_go_of(name, reference)
        if name in self.questions:
            self.connection.give_up(self.questions.pop(name))

    def let_go_of(self, name, reference):
        if isinstance(reference, toy.Proxy):
            self.dropped.append((name, reference))

    def keeps(self, proxy):
        """Whether the cupboard keeps a proxy, or a promise that is resolved to it."""
        held = [reference for references in self.held.values() for reference in references]
        own = [*self.promises.values(), *self.connection.exported()]
        promised = [thing.reference for thing in own if isinstance(thing, Pledge)]
        return any(proxy is reference for reference in held + promised)

    def resolved(self, promise, text, references):
        """A promise of the peer's is resolved. Who holds it has what came; or what is broken."""
        _verb, *names = text.split() or [""]
        holders = [name for name, held in self.held.items() if promise in held]
        if not references:
            for name in holders:
                self.report({"event": "broken", "vat": self.id, "name": name})
            return
        for name in holders:
            self.held[name].remove(promise)
            self.let_go_of(name, promise)
        self.held = {name: held for name, held in self.held.items() if held}
        if holders:
            self.hold(names, references)
            return
        for name, reference in zip(names, references):
            self.let_go_of(name, reference)

    def ended(self, reason):
        self.report({"event": "ended", "vat": self.id, "text": reason})
        for name, references in self.held.items():
            if any(isinstance(reference, toy.Proxy) for reference in references):
                self.report({"event": "broken", "vat": self.id, "name": name})
