"""An adapter for Cap'n Proto's C++ implementation, through pycapnp: requests in, events out."""

import asyncio
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VERSION = "2.2.4"
HELLO = {
    "adapter": 1,
    "peer": "pycapnp",
    "version": VERSION,
    "system": "capnp",
    "wire": "capnp",
    "can": [
        "call",
        "ask",
        "resolve",
        "drop-one",
        "fail-send",
        "hostile",
        "cut",
        "witness",
        "memory",
        "script",
    ],
}


def say(line):
    """Writes one object to standard output."""
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()


async def serve():
    """Does what standard input asks for, until it ends."""
    import capnp

    from pair import Pair

    if capnp.__version__ != VERSION:
        sys.exit(f"this is pycapnp {capnp.__version__}, and {VERSION} is asked for")
    async with capnp.kj_loop():
        pair = Pair(os.path.join(HERE, "vats.capnp"), say)
        say(HELLO)
        # Reading blocks the loop, which does no harm: nothing moves between two requests.
        for line in sys.stdin:
            if line.strip():
                say(await pair.do(json.loads(line)))
        await pair.close()


def main():
    """`--script` writes a program; otherwise serves."""
    if sys.argv[1:] == ["--script"]:
        from script import script

        requests = [json.loads(line) for line in sys.stdin if line.strip()]
        sys.stdout.write(script(requests))
    elif sys.argv[1:]:
        sys.exit("usage: adapter.py [--script]")
    else:
        from relay import CountingLoop

        with asyncio.Runner(loop_factory=CountingLoop) as runner:
            runner.run(serve())


if __name__ == "__main__":
    main()
