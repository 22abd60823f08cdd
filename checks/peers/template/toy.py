"""A little capability transport: one end of one connection, with E's rules of counting.

This, with entries.py and fields.py, is what the adapter beside it drives, and what you replace by
your own implementation. It knows nothing of adapters. Its messages are those of a wire trace
(docs/adapter.md, wire "lines").

The rules. A reference to one of our objects that goes to the peer is a mention of it there.

* Exporter: every mention that is written raises the export's count by one. A release lowers it; at
  zero, and only there, the entry is forgotten, and its index is the first to be used again.
* Importer: every mention that is read raises the import's count by one, and hands out the proxy
  that stands at the index; if the collector has cleared that, a new one, its successor.
* A proxy's finaliser gives back the whole count, unless a live successor stands at the index.
* A mention that could not be sent is not counted.
* Every mention of a promise has an entry of its own. When the promise is resolved, a `resolve` goes
  to each; to those of later mentions, at once. It carries what the promise stands for from then on;
  if it carries nothing the promise is broken, and calls of it fail. The entry stays until it is
  released.
* Whatever the peer may not say ends the session. Then every export is released, every proxy is
  broken, and no finaliser sends anything any more.
"""

import json

from entries import Answer, Export, Import, Promise, Proxy, Question
from fields import Violation, read_field, read_number, read_place

I64_MAX = 2**63 - 1
# As much as is repeated of what a peer says.
TEXT_MAX = 200
# How the text of a result begins that is none.
FAILED = "failed: "


class SessionOver(Exception):
    """The session is over."""


class Connection:
    """One end of a connection.

    `transmit` puts a message on the wire. `first` is the object that the peer can call from the
    start. Objects that are called have a method `receive(text, references, task)`; `task` is what
    `answer` wants, or `None` if the caller wants no result. `on_resolve` is told of a promise of
    the peer's: its proxy, a text, and a list of the one reference that it is resolved to; of none,
    if it is broken. `on_end` is told why the session ended.
    """

    def __init__(self, me, transmit, first, on_resolve, on_end):
        self.me = me
        self.transmit = transmit
        self.first = first
        self.on_resolve = on_resolve
        self.on_end = on_end
        self.over = None
        self._clear()

    def _clear(self):
        self.exports = {}  # index to Export
        self.freed = []  # indices; the one freed last is last
        self.index_of = {}  # object to index; a promise has many, and is not here
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

    def fail(self, task, why):
        """Says of a call of the peer's that it failed."""
        self.answer(task, FAILED + why, [])

    def resolve(self, promise, text, references):
        """Resolves a promise of ours to one reference; with none, breaks it."""
        promise.resolve(text, references)
        for index in sorted(self.exports):
            if self.exports[index].target is promise:
                self._tell(index)

    def deliver(self, target, text, references, task):
        """A call reaches one of our objects, or what a promise of ours is resolved to."""
        if self.over is not None:
            return
        callee = self._callee(target)
        if callee is not None:
            callee.receive(text, references, task)
        elif task is not None:
            why = "the promise is broken" if target.is_broken else "it is the caller's own"
            self.fail(task, why)

    def _callee(self, target):
        """Whom a call reaches, if it reaches anybody. This toy sends no call back to the caller."""
        if isinstance(target, Promise) and not target.is_open:
            target = target.reference
        return None if isinstance(target, Proxy) else target

    def exported(self):
        """What our entries keep."""
        return [export.target for export in self.exports.values()]

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
        for ref in refs:
            if ref.get("mention", {}).get("promise"):
                self._tell(ref["mention"]["index"])

    def _tell(self, index):
        """Says what the promise of an entry is resolved to, if it is."""
        promise = self.exports[index].target
        if not promise.is_open:
            message = {"kind": "resolve", "promise": {"index": index}}
            self._write(message, promise.text, promise.references)

    def _describe(self, reference):
        if isinstance(reference, Proxy):
            return self._home(reference)
        index = self.index_of.get(reference)
        again = index is not None
        if not again:
            index = self.freed.pop() if self.freed else len(self.exports)
            self.exports[index] = Export(reference)
            if not isinstance(reference, Promise):
                self.index_of[reference] = index
        self.exports[index].count += 1
        mention = {"index": index, "again": again}
        if isinstance(reference, Promise):
            mention["promise"] = True
        return {"mention": mention}

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
            self.index_of.pop(export.target, None)
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
            "resolve": self._read_resolve,
            "over": self._read_over,
        }
        kind = read_field(message, "kind", str)
        if kind not in readers:
            raise Violation(f"a message of kind {kind[:20]}")
        readers[kind](message)

    def _read_call(self, message):
        target = self.first
        if "target" in message:
            target = self._read_home(read_field(read_field(message, "target", dict), "home", dict))
        task = None
        if "question" in message:
            task = read_number(message, "question")
            if task in self.answers:
                raise Violation(f"question {task} is asked twice")
        references = self._read_refs(message, wanted=self._callee(target) is not None)
        if task is not None:
            self.answers[task] = Answer()
        self.deliver(target, read_field(message, "text", str, ""), references, task)

    def _read_return(self, message):
        number = read_number(message, "question")
        question = self.questions.get(number)
        if question is None:
            raise Violation(f"a result for question {number}, which was not asked")
        references = self._read_refs(message, wanted=question.on_result is not None)
        on_result = question.on_result
        self.give_up(number)
        # It is used again only now: a result that was on its way cannot be taken for another's.
        del self.questions[number]
        self.freed_questions.append(number)
        text = read_field(message, "text", str, "")
        if on_result and text.startswith(FAILED):
            on_result("", references, text[len(FAILED) :])
        elif on_result:
            on_result(text, references, None)

    def _read_finish(self, message):
        number = read_number(message, "question")
        answer = self.answers.get(number)
        if answer is None or answer.finished:
            raise Violation(f"question {number} is finished, and was not open")
        answer.finished = True
        self._settle_answer(number)

    def _read_release(self, message):
        for release in read_field(message, "releases", list, []):
            index, count = read_place(release), read_field(release, "count", int)
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

    def _read_resolve(self, message):
        index = read_place(read_field(message, "promise", dict))
        slot = self.imports.get(index)
        if slot is None or not slot.is_open:
            raise Violation(f"import {index} is resolved, and is no open promise")
        if len(read_field(message, "refs", list, [])) > 1:
            raise Violation(f"import {index} is resolved to several references")
        slot.is_open = False
        promise = slot.proxy
        references = self._read_refs(message, wanted=promise is not None)
        if promise is not None:
            self.on_resolve(promise, read_field(message, "text", str, ""), references)

    def _read_over(self, message):
        self.end(read_field(message, "text", str, "")[:TEXT_MAX] or "the peer ends it", tell=False)

    def _read_refs(self, message, wanted=True):
        """The references of a message. What nobody wants is given back at once."""
        references = []
        for ref in read_field(message, "refs", list, []):
            if not isinstance(ref, dict) or len(ref) != 1:
                raise Violation("what is no reference")
            if "home" in ref:
                references.append(self._read_home(ref["home"]))
                continue
            mention = read_field(ref, "mention", dict)
            index = read_place(mention)
            again = read_field(mention, "again", bool)
            is_promise = read_field(mention, "promise", bool, False)
            if again and is_promise:
                raise Violation(f"import {index} is a promise, and comes again")
            references.append(self._read_mention(index, again, wanted))
            if not again:
                self.imports[index].is_open = is_promise
        return references

    def _read_home(self, place):
        index = read_place(place)
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
