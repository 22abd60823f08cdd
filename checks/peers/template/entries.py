"""What the toy's references are, and what its tables are made of."""


class Proxy:
    """Stands for an object of the peer's, or for a promise of one."""

    def __init__(self, index):
        self.index = index


class Promise:
    """One of our own references that is still to come: open, until it is resolved.

    While it is open it is called like an object: whoever has one brings the method `receive`.
    """

    def __init__(self):
        self.is_open = True
        self.text = ""
        self.references = []

    def resolve(self, text, references):
        """The text goes to the peer with the reference. Without a reference it is broken."""
        self.is_open = False
        self.text = text
        self.references = references

    @property
    def is_broken(self):
        return not self.is_open and not self.references

    @property
    def reference(self):
        """What it is resolved to; `None` if it is broken, or open."""
        return self.references[0] if self.references else None


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
        # Whether it is a promise that the peer has yet to resolve.
        self.is_open = False


class Question:
    """A call of ours with a result. `on_result` is `None` when nobody waits for it any more."""

    def __init__(self, on_result):
        self.on_result = on_result


class Answer:
    """A call of the peer's with a result."""

    def __init__(self):
        self.returned = False
        self.finished = False
