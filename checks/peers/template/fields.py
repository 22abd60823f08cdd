"""The fields of a message: the peer may have written anything."""

U32_MAX = 2**32 - 1


class Violation(Exception):
    """The peer has said what it may not say."""


def read_field(message, name, kind, default=None):
    value = message.get(name, default) if isinstance(message, dict) else None
    if type(value) is not kind:
        raise Violation(f"a message or a part of one without a {name}, or with a wrong one")
    return value


def read_number(message, name):
    value = read_field(message, name, int)
    if not 0 <= value <= U32_MAX:
        raise Violation(f"{value} is no number for a {name}")
    return value


def read_place(at):
    if read_field(at, "space", str, ""):
        raise Violation("there is one kind of exports")
    return read_number(at, "index")
