"""Writes a program that makes the same requests of pycapnp with nothing of this suite at hand."""

import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))

HEAD = '''\
# To run this:  pip install pycapnp==2.2.4
#               python THIS_FILE          (Python 3.11 or later)
#
# Two vats, VatA and VatB, in one process, joined by a wire that holds every message back until
# a request delivers it. Every request and every event is printed in a line, and at the end
# which probes were never answered. The requests are near the end of this file.
'''

TAIL = '''

def printed(line):
    """One line for a request or an event; a message in words."""
    if line.get("event") == "sent":
        with pair.rpc.Message.from_bytes(base64.b64decode(line["raw"])) as message:
            line = {**line, "raw": " ".join(str(message).split())}
    print(json.dumps(line), flush=True)
    if line.get("event") == "answer":
        unanswered.pop(line["probe"], None)


async def run():
    """Makes the requests."""
    global pair
    with tempfile.NamedTemporaryFile("w", suffix=".capnp") as schema:
        schema.write(SCHEMA)
        schema.flush()
        async with capnp.kj_loop():
            pair = Pair(schema.name, printed)
            for request in REQUESTS:
                print()
                print(json.dumps(request), flush=True)
                if request["do"] == "probe":
                    unanswered[request["probe"]] = request["name"]
                answer = await pair.do(request)
                if not answer["done"]:
                    print("not done:", answer["why"])
                    if request["do"] == "probe":
                        del unanswered[request["probe"]]
            print()
            print("probes never answered:", unanswered or "none", flush=True)
            await pair.close()


pair = None
unanswered = {}
with asyncio.Runner(loop_factory=CountingLoop) as runner:
    runner.run(run())
'''

IMPORT = re.compile(r"^(?:import|from) .*$\n", re.MULTILINE)


def read(name):
    """A file beside this one."""
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def module(name):
    """The imports of a module, and its text without them and without its docstring."""
    text = read(name)
    imports = [line.strip() for line in IMPORT.findall(text)]
    body = IMPORT.sub("", text).split('"""', 2)[2].strip()
    return imports, f"# {name}\n\n{body}\n"


def script(requests):
    """The text of the program."""
    modules = ["relay.py", "vat.py", "pair.py"]
    imports = {"import json", "import tempfile", "import base64"}
    bodies = []
    for name in modules:
        found, body = module(name)
        imports.update(found)
        bodies.append(body)
    inlined = tuple(f"from {name[:-3]} import" for name in modules)
    kept = sorted(line for line in imports if not line.startswith(inlined))
    lines = "".join(f"    {request!r},\n" for request in requests)
    return "\n\n".join(
        [
            HEAD + "\n" + "\n".join(kept) + "\n",
            *bodies,
            f'SCHEMA = """\\\n{read("vats.capnp")}"""',
            f"REQUESTS = [\n{lines}]",
        ]
    ) + "\n" + TAIL
