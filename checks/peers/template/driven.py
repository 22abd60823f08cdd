"""A pair of vats for the tests: driven by requests, and asked for what is left."""

import toy
from adapter import Pair

OWN = {"A": ["Alice"], "B": ["Bob", "Ben"]}
PROMISES = {"A": ["pA1"], "B": ["pB1", "pB2"]}
TABLES = ["exports", "imports", "questions", "answers"]
OTHER = {"A": "B", "B": "A"}


def own(*names):
    return [{"own": name} for name in names]


def promise(*names):
    return [{"promise": name} for name in names]


def held(*names):
    return [{"held": name} for name in names]


class Driven:
    """A pair that is open, and what it reports."""

    def __init__(self, connection=toy.Connection):
        self.events = []
        self.pair = Pair(self.events.append, connection)
        self("open")

    def __call__(self, do, **request):
        """Makes a request. The events that it led to, or why it was not done."""
        first = len(self.events)
        why = self.pair.obey({"do": do, **request})
        return self.events[first:] if why is None else why

    def drain(self):
        first = len(self.events)
        while any([self.pair.obey({"do": "deliver", "to": to}) is None for to in "AB"]):
            pass
        return self.events[first:]

    def collect_all(self):
        for vat in "AB":
            for do in ["collect", "finalise"]:
                while not isinstance(self(do, vat=vat), str):
                    pass

    def leftovers(self):
        """What is still there when everything was let go."""
        self("forget")
        for _round in range(3):
            self.drain()
            self.collect_all()
        tables = [event for event in self("tables") if any(map(event.get, TABLES))]
        return tables + [e for e in self("witness") if e["alive"]]

    def share(self, *names, vat="B"):
        self.read("send", vat=vat, refs=own(*names))

    def read(self, do, **request):
        """Makes a request, and everything is read. All events, or why it was not done."""
        events = self(do, **request)
        return events if isinstance(events, str) else events + self.drain()

    def probe(self, vat, name):
        """What it says, and the error that comes in its place; nothing, if neither comes."""
        events = self.read("probe", vat=vat, name=name, probe=1)
        answers = [event for event in events if event["event"] == "answer"]
        return [(event.get("says"), event.get("error")) for event in answers]

    def let_go(self, name, vat="A"):
        for do in ["drop", "collect", "finalise"]:
            self(do, vat=vat, name=name)

    def count(self, index, vat="B"):
        return self.pair.vats[vat].connection.exports[index].count


def kinds(events):
    return [event["event"] for event in events]


def sent(events):
    return [event["raw"] for event in events if event["event"] == "sent"]
