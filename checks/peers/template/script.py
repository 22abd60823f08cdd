"""Writes a program that makes the same requests, for those who have nothing but the implementation.

It is made of the adapter's own classes, so that it does the same.
"""

import inspect
import json
import sys

import toy

# What the implementation is.
MODULES = ["toy.py", "entries.py", "fields.py"]

SCRIPT = '''\
#!/usr/bin/env python3
# Needs Python 3.9 or later, and beside this file the implementation:
# {modules}.
# Run it:  python3 script.py
# It prints each request, the events that it led to, and at the end which probes had no answer.
import gc
import json
import sys
import weakref
from collections import deque

import toy
{imports}

{classes}

# What is done, in order.
REQUESTS = [
{requests}]

unanswered = {{}}


def show(event):
    print("   ", json.dumps(event))
    if event["event"] == "answer":
        unanswered.pop(event["probe"], None)


pair = Pair(show, {connection})
for request in REQUESTS:
    print(json.dumps(request))
    if request["do"] == "probe":
        unanswered[request["probe"]] = request
    why = pair.obey(request)
    if why is not None:
        print("    not done:", why)
        unanswered.pop(request.get("probe"), None)
for probe, request in unanswered.items():
    asked = f"Vat{{request['vat']}} asking {{request['name']}} for its name"
    print(f"NEVER ANSWERED: probe {{probe}}, {{asked}}")
if not unanswered:
    print("every probe was answered")
'''


def write_script(connection, classes):
    """The same requests, as a program for people who have nothing but the implementation."""
    requests = [json.loads(line) for line in sys.stdin if line.strip()]
    seeded = connection is not toy.Connection
    print(
        SCRIPT.format(
            modules=", ".join(MODULES + ["defects.py"] * seeded),
            imports="import defects\n" if seeded else "",
            classes="\n\n".join(map(inspect.getsource, classes)),
            requests="".join(f"    {request!r},\n" for request in requests),
            connection=f"{'defects' if seeded else 'toy'}.{connection.__name__}",
        ),
        end="",
    )
