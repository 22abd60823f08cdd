"""Ways of getting it wrong, for the tests of whoever judges adapters: `adapter.py --defect NAME`.

Your own adapter needs nothing of this.
"""

import os
import sys

from entries import Promise
from fields import Violation
from toy import Connection


class Uncounted(Connection):
    """The exporter forgets an entry at the first release, whatever its count."""

    def _release(self, index, _count):
        self._lower(index, self.exports[index].count)


class NoSuccessorCheck(Connection):
    """A finaliser gives back what a live successor stands for."""

    def finalise(self, proxy):
        if proxy.index in self.imports:
            self._give_back(proxy.index)


class LeakOnFail(Connection):
    """A mention that could not be sent stays counted."""

    def _take_back(self, refs):
        pass


class NeverAnswers(Connection):
    """Objects of VatB's do not say their names."""

    def answer(self, task, text, references):
        if self.me != "B" or not text.startswith("name "):
            super().answer(task, text, references)


class KeepsAPart(Connection):
    """References that cannot all be read are not handed on, and those that were read stay."""

    def _read_refs(self, message, wanted=True):
        try:
            return super()._read_refs(message, wanted)
        except Violation:
            return []


class SilentWhenBroken(Connection):
    """Nobody is told that a promise is broken, and calls of it go on waiting."""

    def resolve(self, promise, text, references):
        if references:
            super().resolve(promise, text, references)


class BrokenGivenBackOnce(Connection):
    """An importer takes everything that is broken for one thing, and gives that back once."""

    def _clear(self):
        super()._clear()
        self.broken = []
        self.has_given_back = False

    def _read_resolve(self, message):
        super()._read_resolve(message)
        if not message.get("refs"):
            self.broken.append(message["promise"]["index"])

    def _give_back(self, index):
        if index not in self.broken:
            super()._give_back(index)
        elif not self.has_given_back:
            self.has_given_back = True
            self.broken.remove(index)
            super()._give_back(index)


class BrokenNamedAsAnother(Connection):
    """A promise that is broken, and mentioned once more, is written as whatever has entry 0."""

    def _describe(self, reference):
        if isinstance(reference, Promise) and reference.is_broken and 0 in self.exports:
            self.exports[0].count += 1
            return {"mention": {"index": 0, "again": True}}
        return super()._describe(reference)


class BreaksResolved(Connection):
    """The peer is told that a promise is broken, though it was resolved."""

    def resolve(self, promise, text, references):
        super().resolve(promise, "resolve", [])


class BrokenTooEarly(Connection):
    """The application is told that a promise is broken as soon as it comes."""

    def _clear(self):
        super()._clear()
        self.told = set()

    def _read_call(self, message):
        super()._read_call(message)
        for index, slot in self.imports.items():
            if slot.is_open and slot.proxy is not None and index not in self.told:
                self.told.add(index)
                self.on_resolve(slot.proxy, "", [])


class FailsAnswers(Connection):
    """What was returned comes back as an error."""

    def answer(self, task, text, references):
        if text.startswith("result"):
            text, references = "failed: no reason", []
        super().answer(task, text, references)


class LosesSends(Connection):
    """What is sent is read, given back, and not handed to the application."""

    def _read_refs(self, message, wanted=True):
        is_send = message["kind"] == "call" and message.get("text", "").startswith("take")
        if not is_send:
            return super()._read_refs(message, wanted)
        super()._read_refs(message, False)
        message["text"] = "nothing"
        return []


class KeepsImportsAtEnd(Connection):
    """When the session is over, what was imported stays in the table."""

    def end(self, reason, tell=True):
        kept, was_over = self.imports, self.over is not None
        super().end(reason, tell)
        if not was_over:
            self.imports = kept


CONNECTIONS = {
    "uncounted": Uncounted,
    "no-successor-check": NoSuccessorCheck,
    "leak-on-fail": LeakOnFail,
    "never-answers": NeverAnswers,
    "silent-when-broken": SilentWhenBroken,
    "broken-given-back-once": BrokenGivenBackOnce,
    "broken-named-as-another": BrokenNamedAsAnother,
}

# What shows only to whoever keeps account of what was sent, returned and resolved.
UNTOLD_CONNECTIONS = {
    "breaks-resolved": BreaksResolved,
    "broken-too-early": BrokenTooEarly,
    "fails-answers": FailsAnswers,
    "loses-sends": LosesSends,
    "keeps-imports-at-end": KeepsImportsAtEnd,
}

# What no honest application can bring to light.
HOSTILE_CONNECTIONS = {"keeps-a-part": KeepsAPart}


def garbage():
    """Writes what is no JSON."""
    print("Segmentation fault (core not dumped)", flush=True)


def crash():
    """Is gone, in the middle of a request."""
    print("the adapter was told to crash", file=sys.stderr)
    sys.exit(3)


def flood():
    """Writes events without end; until nobody reads them."""
    try:
        while True:
            print('{"event":"error","vat":"A","text":"and another thing"}', flush=True)
    except BrokenPipeError:
        # Without Python's own end, which would try to write what is left.
        os._exit(3)


def hang():
    """Does not answer any more; until its input ends."""
    for _line in sys.stdin:
        pass
    sys.exit(3)


BEHAVIOURS = {"garbage": garbage, "crash": crash, "flood": flood, "hang": hang}

# A schedule's first messages are read as they should be.
MISBEHAVES_AT_DELIVERY = 3


def chosen(defect):
    """The connection, and what is done before each delivery, given how many there were."""
    connections = {**CONNECTIONS, **UNTOLD_CONNECTIONS, **HOSTILE_CONNECTIONS}
    known = [*connections, *BEHAVIOURS]
    if defect not in known:
        sys.exit(f"unknown defect {defect!r}; known are {', '.join(known)}")

    def misbehave(deliveries):
        if deliveries == MISBEHAVES_AT_DELIVERY and defect in BEHAVIOURS:
            BEHAVIOURS[defect]()

    return connections.get(defect, Connection), misbehave
