"""A little capability transport: one end of one connection, with E's rules of counting.

This is what the adapter beside it drives, and what you replace by your own implementation. It knows
nothing of adapters. Its messages are those of a wire trace (docs/adapter.md, wire "lines").

The rules. A reference to one of our objects that goes to the peer is a mention of it there.

* Exporter: every mention that is written raises the export's count by one. A release lowers it; at
  zero, and only there, the entry is forgotten, and its index is the first to be used again.
* Importer: every mention that is read raises the import's count by one, and hands out the proxy
  that stands at the index; if the collector has cleared that, a new one, its successor.
* A proxy's finaliser gives back the whole count, unless a live successor stands at the index.
* A mention that could not be sent is not counted.
* Whatever the peer may not say ends the session. Then every export is released, every proxy is
  broken, and no finaliser sends anything any more.
"""

import json

U32_MAX = 2**32 - 1
I64_MAX = 2**63 - 1
# As much as is repeated of what a peer says.
TEXT_MAX = 200


class Violation(Exception):
    """The peer has said what it may not say."""


class SessionOver(Exception):
    """The session is over."""


class Proxy:
    """Stands for an object of the peer's."""

    def __init__(self, index):
        self.index = index


class Export:
    """An entry of the export table."""

    def __init__(self, target):
        self.target = target
        self.count = 0


class Import:
    """An entry of the import table.

    `proxy` stands for a weak reference. This toy has no collector: `Connection.collect` clears it.
    """

    def __init__(self):
        self.count = 0
        self.proxy = None


class Question:
    """A call of ours with a result. `on_result` is `None` when nobody waits for it any more."""

    def __init__(self, on_result):
        self.on_result = on_result


class Answer:
    """A call of the peer's with a result."""

    def __init__(self):
        self.returned = False
        self.finished = False


class Connection:
    """One end of a connection.

    `transmit` puts a message on the wire. `first` is the object that the peer can call from the
    start. Objects that are called have a method `receive(text, references, task)`; `task` is what
    `answer` wants, or `None` if the caller wants no result. `on_end` is told why the session ended.
    """

    def __init__(self, me, transmit, first, on_end):
        self.me = me
        self.transmit = transmit
        self.first = first
        self.on_end = on_end
        self.over = None
        self._clear()

    def _clear(self):
        self.exports = {}  # index to Export
        self.freed = []  # indices; the one freed last is last
        self.index_of = {}  # object to index
        self.imports = {}  # index to Import; one of which nothing is held stays, with count 0
        self.questions = {}  # number to Question
        self.freed_questions = []
        self.answers = {}  # the peer's number to Answer

    # ---- what the application does

    def call(self, target, text, references, on_result=None):
        """Calls a proxy; with `None`, the peer's first object. With `on_result`, which is called
        with a text, references and an error, the number of the question comes back."""
        self._check_open()
        message = {"kind": "call"}
        if target is not None:
            message["target"] = self._home(target)
        number = None
        if on_result:
            number = self.freed_questions[-1] if self.freed_questions else len(self.questions) + 1
            message["question"] = number
        self._write(message, text, references)
        if on_result:
            if self.freed_questions:
                self.freed_questions.pop()
            self.questions[number] = Question(on_result)
        return number

    def answer(self, task, text, references):
        """Returns a result for a call of the peer's."""
        self._check_open()
        answer = self.answers[task]
        self._write({"kind": "return", "question": task}, text, references)
        answer.returned = True
        self._settle_answer(task)

    def give_up(self, number):
        """Nobody waits for the result of this question any more."""
        question = self.questions.get(number)
        if question and question.on_result:
            question.on_result = None
            self._send({"kind": "finish", "question": number})

    def is_live(self, proxy):
        """Whether the weak reference at its index still leads to this proxy."""
        slot = self.imports.get(proxy.index)
        return slot is not None and slot.proxy is proxy

    def collect(self, proxy):
        """The collector clears the weak reference to a proxy. From now on `finalise` is owed."""
        if self.is_live(proxy):
            self.imports[proxy.index].proxy = None

    def finalise(self, proxy):
        """The finaliser of a proxy that was cleared runs."""
        slot = self.imports.get(proxy.index)
        if slot and slot.proxy is None:
            self._give_back(proxy.index)

    def end(self, reason, tell=True):
        """Ends the session; the peer is told, or has told us."""
        if self.over is not None:
            return
        if tell:
            self._send({"kind": "over", "text": reason})
        self.over = reason
        questions = self.questions.values()
        self._clear()
        for question in questions:
            if question.on_result:
                question.on_result("", [], reason)
        self.on_end(reason)

    def tables(self):
        """How many entries there are."""
        held = [slot for slot in self.imports.values() if slot.count or slot.proxy]
        return {
            "exports": len(self.exports),
            "imports": len(held),
            "questions": len(self.questions),
            "answers": len(self.answers),
        }

    # ---- writing

    def _check_open(self):
        if self.over is not None:
            raise SessionOver(f"the session is over: {self.over}")

    def _send(self, message):
        self.transmit({"from": self.me, **message})

    def _write(self, message, text, references):
        """Describes the references, and sends; if that fails, nothing was counted."""
        refs = []
        try:
            for reference in references:
                refs.append(self._describe(reference))
            message = json.loads(json.dumps({**message, "refs": refs, "text": text}))
        except (TypeError, ValueError):
            self._take_back(refs)
            raise
        self._send(message)

    def _describe(self, reference):
        if isinstance(reference, Proxy):
            return self._home(reference)
        index = self.index_of.get(reference)
        again = index is not None
        if not again:
            index = self.freed.pop() if self.freed else len(self.exports)
            self.exports[index] = Export(reference)
            self.index_of[reference] = index
        self.exports[index].count += 1
        return {"mention": {"index": index, "again": again}}

    def _home(self, proxy):
        if not self.is_live(proxy):
            raise ValueError("a proxy that is broken")
        return {"home": {"index": proxy.index}}

    def _take_back(self, refs):
        """Latest first, so that the indices come back in the order in which they were taken."""
        for ref in reversed(refs):
            if "mention" in ref:
                self._lower(ref["mention"]["index"], 1)

    def _give_back(self, index):
        slot = self.imports[index]
        if slot.count:
            count, slot.count = slot.count, 0
            self._send({"kind": "release", "releases": [{"index": index, "count": count}]})

    def _settle_answer(self, number):
        answer = self.answers[number]
        if answer.returned and answer.finished:
            del self.answers[number]

    def _lower(self, index, count):
        export = self.exports[index]
        export.count -= count
        if export.count == 0:
            del self.exports[index]
            del self.index_of[export.target]
            self.freed.append(index)

    # ---- reading

    def read(self, message):
        """Reads a message, whatever it is. What may not be said ends the session."""
        if self.over is not None:
            return
        try:
            self._read(message)
        except Violation as violation:
            self.end(str(violation))

    def _read(self, message):
        readers = {
            "call": self._read_call,
            "return": self._read_return,
            "finish": self._read_finish,
            "release": self._read_release,
            "over": self._read_over,
        }
        kind = _field(message, "kind", str)
        if kind not in readers:
            raise Violation(f"a message of kind {kind[:20]}")
        readers[kind](message)

    def _read_call(self, message):
        target = self.first
        if "target" in message:
            target = self._read_home(_field(_field(message, "target", dict), "home", dict))
        task = None
        if "question" in message:
            task = _number(message, "question")
            if task in self.answers:
                raise Violation(f"question {task} is asked twice")
        references = self._read_refs(message)
        if task is not None:
            self.answers[task] = Answer()
        target.receive(_field(message, "text", str, ""), references, task)

    def _read_return(self, message):
        number = _number(message, "question")
        question = self.questions.get(number)
        if question is None:
            raise Violation(f"a result for question {number}, which was not asked")
        references = self._read_refs(message, wanted=question.on_result is not None)
        on_result = question.on_result
        self.give_up(number)
        # It is used again only now: a result that was on its way cannot be taken for another's.
        del self.questions[number]
        self.freed_questions.append(number)
        if on_result:
            on_result(_field(message, "text", str, ""), references, None)

    def _read_finish(self, message):
        number = _number(message, "question")
        answer = self.answers.get(number)
        if answer is None or answer.finished:
            raise Violation(f"question {number} is finished, and was not open")
        answer.finished = True
        self._settle_answer(number)

    def _read_release(self, message):
        for release in _field(message, "releases", list, []):
            index, count = _place(release), _field(release, "count", int)
            if not 0 < count <= I64_MAX:
                raise Violation(f"a release of {count} of export {index}")
            if index not in self.exports:
                raise Violation(f"a release of export {index}, which there is not")
            if count > self.exports[index].count:
                counted = self.exports[index].count
                raise Violation(f"a release of {count} of export {index}, which counts {counted}")
            self._release(index, count)

    def _release(self, index, count):
        self._lower(index, count)

    def _read_over(self, message):
        self.end(_field(message, "text", str, "")[:TEXT_MAX] or "the peer ends it", tell=False)

    def _read_refs(self, message, wanted=True):
        """The references of a message. What nobody wants is given back at once."""
        references = []
        for ref in _field(message, "refs", list, []):
            if not isinstance(ref, dict) or len(ref) != 1:
                raise Violation("what is no reference")
            if "home" in ref:
                references.append(self._read_home(ref["home"]))
                continue
            mention = _field(ref, "mention", dict)
            index = _place(mention)
            proxy = self._read_mention(index, _field(mention, "again", bool), wanted)
            references.append(proxy)
        return references

    def _read_home(self, place):
        index = _place(place)
        if index not in self.exports:
            raise Violation(f"export {index} is named, and there is none")
        return self.exports[index].target

    def _read_mention(self, index, again, wanted):
        slot = self.imports.get(index)
        if again and slot is None:
            raise Violation(f"import {index} was never introduced")
        if not again and slot and (slot.count or slot.proxy):
            raise Violation(f"import {index} is introduced, and {slot.count} of it are held")
        slot = self.imports.setdefault(index, Import())
        slot.count += 1
        if slot.proxy is None:
            if not wanted:
                self._give_back(index)
                return None
            slot.proxy = Proxy(index)
        return slot.proxy


def _field(message, name, kind, default=None):
    value = message.get(name, default) if isinstance(message, dict) else None
    if type(value) is not kind:
        raise Violation(f"a message or a part of one without a {name}, or with a wrong one")
    return value


def _number(message, name):
    value = _field(message, name, int)
    if not 0 <= value <= U32_MAX:
        raise Violation(f"{value} is no number for a {name}")
    return value


def _place(place):
    if _field(place, "space", str, ""):
        raise Violation("there is one kind of exports")
    return _number(place, "index")
