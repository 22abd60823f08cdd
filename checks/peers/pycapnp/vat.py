"""One vat: its objects, its cupboard, and what its application does."""

import asyncio
import gc
import weakref

import capnp
from capnp.lib.capnp import _DynamicStructBuilder


# Why a promise is broken by its own vat. It comes back from every call of the promise.
ON_PURPOSE = "broken on purpose"


class Unable(Exception):
    """A request that cannot be done, and why."""


def text_of(error):
    """An exception in one line, without the addresses of its stack or the lines of a traceback."""
    lines = [line for line in str(error).splitlines() if not line.startswith(("stack:", " "))]
    return " ".join(line for line in lines if line)[:400]


def free(client):
    """The capability, no longer keeping alive the message that it came in.

    pycapnp's wrapper refers to the message: while a result is held, its question would not be
    finished, which C++ does not ask for.
    """
    client._parent = None
    return client


def begin(client, method, fill=lambda request: None):
    """Sends a call and returns its promise, which does not keep the called capability alive.

    pycapnp's promise refers to the wrapper of what was called until it is answered: a reference
    that is dropped meanwhile would be released only then, which C++ does not ask for.
    """
    request = client._request(method)
    fill(request)
    _DynamicStructBuilder._parent.__set__(request, None)
    return request.send()


def servers(schema):
    """The classes of the first object, the named objects, and what stands behind a promise."""

    class First(schema.First.Server):
        """What the peer reaches this vat by."""

        def __init__(self, vat):
            self.vat = vat

        async def take_context(self, context):
            """Holds the references."""
            self.vat.receive(context.params.entries)

    class Named(schema.Named.Server):
        """An object of the vat's own."""

        def __init__(self, vat, name):
            self.vat = vat
            self.name = name

        async def whoami_context(self, context):
            """Says its name."""
            context.results.name = self.name

        async def poke_context(self, context):
            """Does nothing."""

        async def ask_context(self, context):
            """Holds the references, and answers when the application does."""
            question = context.params.question
            self.vat.receive(context.params.entries)
            await self.vat.work_on(question, context)

    class Later(schema.Later.Server):
        """Answers its only call when the vat's promise is resolved."""

        def __init__(self, promise, resolution):
            self.promise = promise
            self.resolution = resolution

        async def wait_context(self, context):
            """Waits for the resolution, which is nothing if the promise is to be broken."""
            who = await self.resolution
            if who is None:
                raise RuntimeError(f"{self.promise}: {ON_PURPOSE}")
            context.results.who = who

    return First, Named, Later


class Question:
    """A call that the application wants the result of."""

    def __init__(self, promise):
        # Before it is awaited: that uses it up. This is what stands for the result until then.
        self.result = promise.who
        self.task = asyncio.ensure_future(promise)


class Vat:
    """One of the two vats. `emit` takes events."""

    def __init__(self, name, schema, emit):
        self.name = name
        self.schema = schema
        self.emit = emit
        self.first_class, self.named_class, self.later_class = servers(schema)
        self.own = {}
        self.promises = {}
        self.resolutions = {}
        self.held = {}
        self.questions = {}
        self.tasks = {}
        self.witnesses = []
        self.unwanted = set()
        self.ended = False
        self.reported = False
        self.reason = None
        self.stream = self.system = self.peer = self.end = None

    def connect(self, stream):
        """Starts Cap'n Proto. Both ends are servers: only those have a first object to offer."""
        self.stream = stream
        self.system = capnp.TwoPartyServer(stream, bootstrap=self.first_class(self))
        self.end = asyncio.ensure_future(self.system.on_disconnect())
        self.end.add_done_callback(lambda end: end.cancelled() or self.over())

    def meet(self):
        """Asks for the peer's first object."""
        self.peer = self.system.bootstrap().cast_as(self.schema.First)

    def over(self):
        """The session has ended; why, may be seen on the wire only later."""
        self.ended = True

    def report_end(self):
        """Says once that the session has ended."""
        if self.ended and not self.reported:
            self.reported = True
            text = self.reason or "disconnected"
            self.emit({"event": "ended", "vat": self.name, "text": text})

    def cut(self):
        """Ends the session."""
        self.reason = "cut"
        self.over()
        self.close()

    def close(self):
        """Closes what there is of Cap'n Proto; the stream too, or the peer would not notice."""
        self.end.cancel()
        self.system.close()
        self.stream.close()

    def abandon(self):
        """Lets go of everything, with nothing left open."""
        self.emit = lambda event: None
        waiting = [*self.tasks.values(), *self.resolutions.values(), *self.unwanted]
        self.forget()
        for future in waiting:
            future.cancel()
        self.peer = None
        self.close()

    # What the application is asked to do.

    def reference(self, ref):
        """The name and the capability of a reference in a request."""
        if "own" in ref:
            return ref["own"], self.own_object(ref["own"])
        if "promise" in ref:
            return ref["promise"], self.own_promise(ref["promise"])
        return ref["held"], self.what_is_held(ref["held"])

    def own_object(self, name):
        """An object of the vat's own. One client for each: pycapnp takes every other for new."""
        if name not in self.own:
            server = self.named_class(self, name)
            self.witnesses.append((name, weakref.ref(server)))
            self.own[name] = self.schema.Named._new_client(server)
        return self.own[name]

    def own_promise(self, name):
        """A promise of the vat's own: the result of a call, within the vat, not answered yet."""
        if name not in self.promises:
            resolution = asyncio.get_running_loop().create_future()
            waiter = self.schema.Later._new_client(self.later_class(name, resolution))
            promise = begin(waiter, "wait")
            self.promises[name] = promise.who
            self.resolutions[name] = resolution
            self.let_run(promise)
        return self.promises[name]

    def what_is_held(self, name):
        """What is held under the name, last if more than once, or the result of a question."""
        if self.held.get(name):
            return self.held[name][-1]
        if name in self.questions:
            return self.questions[name].result
        raise Unable(f"Vat{self.name} holds no {name}")

    def entries(self, refs):
        """What fills in the references of a call."""
        found = [self.reference(ref) for ref in refs]

        def fill(request):
            for entry, (name, client) in zip(request.init("entries", len(found)), found):
                entry.name = name
                entry.who = client

        return fill

    def send(self, refs):
        """Calls the peer's first object."""
        self.let_run(begin(self.peer, "take", self.entries(refs)))

    def fail_send(self, refs):
        """Tries to, with a last argument that does not fit."""
        fill = self.entries(refs)

        def fill_and_fail(request):
            fill(request)
            request.note = object()

        try:
            begin(self.peer, "take", fill_and_fail)
        except capnp.KjException:
            return
        raise Unable("it could be serialised")

    def call(self, target):
        """Calls what is held."""
        self.let_run(begin(self.what_is_held(target), "poke"))

    def ask(self, target, refs, question):
        """Calls what is held, and holds the promise of the result."""
        fill = self.entries(refs)

        def fill_in(request):
            fill(request)
            request.question = question

        asked = Question(begin(self.what_is_held(target), "ask", fill_in))
        self.questions[question] = asked
        asked.task.add_done_callback(lambda task: self.answered(question, task))

    def give(self, question, refs):
        """Answers the open task."""
        if question not in self.tasks:
            raise Unable(f"Vat{self.name} has no open task {question}")
        answer = self.reference(refs[0]) if refs else None
        self.tasks.pop(question).set_result(answer)

    def resolve(self, promise, refs):
        """Resolves a promise of the vat's own; to nothing, breaks it."""
        client = self.reference(refs[0])[1] if refs else None
        self.own_promise(promise)
        if promise not in self.resolutions:
            raise Unable(f"{promise} is resolved")
        self.resolutions.pop(promise).set_result(client)

    def drop(self, name):
        """Lets go of what is held under the name."""
        if not self.held.pop(name, None) and not self.drop_question(name):
            raise Unable(f"Vat{self.name} holds no {name}")

    def drop_one(self, name):
        """Lets go of the copy that came last, of several."""
        copies = self.held.get(name, [])
        if len(copies) < 2:
            raise Unable(f"Vat{self.name} holds no copies of {name}")
        copies.pop()

    def drop_question(self, name):
        """Lets go of a question; whether there was one."""
        question = self.questions.pop(name, None)
        return question is not None and question.task.cancel()

    def probe(self, name, number):
        """Asks what is held for its name."""
        promise = begin(self.what_is_held(name), "whoami")
        task = asyncio.ensure_future(promise)
        self.unwanted.add(task)
        task.add_done_callback(lambda task: self.probed(number, task))

    def forget(self):
        """Lets go of everything, but not of the peer's first object; open tasks stay open."""
        self.held.clear()
        self.own.clear()
        self.promises.clear()
        for name in list(self.questions):
            self.drop_question(name)

    def alive(self):
        """The names of own objects that exist though the application does not hold them."""
        gc.collect()
        self.witnesses = [(name, weak) for name, weak in self.witnesses if weak() is not None]
        kept = {*self.own, *self.held}
        return sorted({name for name, _ in self.witnesses if name not in kept})

    # What happens to it.

    def receive(self, entries):
        """References have come."""
        for entry in entries:
            self.hold(entry.name, entry.who)

    def hold(self, name, client):
        """A reference has come."""
        self.held.setdefault(name, []).append(free(client))
        self.emit({"event": "holds", "vat": self.name, "name": name})

    async def work_on(self, question, context):
        """The open task behind a question, until it is answered or called off."""
        answer = asyncio.get_running_loop().create_future()
        self.tasks[question] = answer
        self.emit({"event": "asked", "vat": self.name, "question": question})
        try:
            given = await answer
        finally:
            if self.tasks.get(question) is answer:
                del self.tasks[question]
        if given is not None:
            context.results.name, context.results.who = given

    def answered(self, question, task):
        """A question has come back, or was dropped."""
        if task.cancelled():
            return
        self.questions.pop(question, None)
        event = {"event": "answered", "vat": self.name, "question": question}
        if task.exception() is not None:
            self.emit({**event, "error": text_of(task.exception())})
            return
        self.emit(event)
        response = task.result()
        if response.name:
            self.hold(response.name, response.who)

    def probed(self, number, task):
        """A probe has come back."""
        self.unwanted.discard(task)
        if task.cancelled():
            return
        event = {"event": "answer", "vat": self.name, "probe": number}
        if task.exception() is not None:
            self.emit({**event, "error": text_of(task.exception())})
        else:
            self.emit({**event, "says": task.result().name})

    def let_run(self, promise):
        """Keeps the promise of a call whose result nobody wants, until it has come."""
        task = asyncio.ensure_future(promise)
        self.unwanted.add(task)
        task.add_done_callback(self.ran)

    def ran(self, task):
        """Such a call has returned."""
        self.unwanted.discard(task)
        if task.cancelled() or task.exception() is None:
            return
        error = task.exception()
        if getattr(error, "type", None) != "DISCONNECTED" and ON_PURPOSE not in str(error):
            self.emit({"event": "error", "vat": self.name, "text": text_of(error)})
