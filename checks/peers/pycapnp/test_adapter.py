"""What the adapter promises, and what of Cap'n Proto it relies on."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from relay import frame_length, raw
from session import ALICE, BEN, BOB, HERE, session

ADAPTER = os.path.join(HERE, "adapter.py")


class Honest(unittest.TestCase):
    """Nobody misbehaves."""

    @session
    async def test_open_is_two_bootstraps(self, s):
        kinds = [(who, kind) for who, kind, _ in s.messages()]
        there = [("A", "bootstrap"), ("B", "return"), ("A", "finish")]
        back = [("B", "bootstrap"), ("A", "return"), ("B", "finish")]
        self.assertEqual(kinds, there + back)

    @session
    async def test_nothing_is_read_before_it_is_delivered(self, s):
        await s.do("send", vat="B", refs=[BOB])
        self.assertEqual(s.named("holds"), [])
        await s.do("deliver", to="A")
        self.assertEqual(s.named("holds"), [{"event": "holds", "vat": "A", "name": "Bob"}])
        self.assertEqual(await s.says("A", "Bob"), "Bob")

    @session
    async def test_an_object_sent_again_is_the_same(self, s):
        await s.give("B", BOB, BOB)
        await s.give("B", BOB)
        since = len(s.events)
        await s.do("drop", vat="A", name="Bob")
        self.assertEqual(s.releases(since), [3])

    @session
    async def test_a_release_that_crosses_a_mention_leaves_the_object(self, s):
        await s.give("B", BOB)
        await s.do("drop", vat="A", name="Bob")
        await s.do("send", vat="B", refs=[BOB])
        await s.drain()
        self.assertEqual(await s.says("A", "Bob"), "Bob")

    @session
    async def test_one_of_two_references_in_a_message_is_released_alone(self, s):
        await s.give("B", BOB, BEN)
        since = len(s.events)
        await s.do("drop", vat="A", name="Bob")
        self.assertEqual(s.releases(since), [1])
        self.assertFalse(await s.do("drop", vat="A", name="Bob"))

    @session
    async def test_a_call_that_has_not_returned_keeps_nothing(self, s):
        await s.give("B", BOB)
        await s.do("call", vat="A", target="Bob")
        since = len(s.events)
        await s.do("drop", vat="A", name="Bob")
        self.assertEqual(s.releases(since), [1])

    @session
    async def test_a_reference_comes_home(self, s):
        await s.give("B", BOB)
        await s.give("A", {"held": "Bob"})
        since = len(s.events)
        self.assertEqual(await s.says("B", "Bob"), "Bob")
        self.assertEqual(s.messages(since), [])

    @session
    async def test_a_question_is_answered(self, s):
        await s.give("B", BOB)
        await s.do("ask", vat="A", target="Bob", refs=[ALICE], question="qA1")
        await s.drain()
        self.assertEqual(len(s.named("asked")), 1)
        since = len(s.events)
        self.assertTrue(await s.do("return", vat="B", question="qA1", refs=[BEN]))
        await s.drain()
        kinds = [(who, kind) for who, kind, _ in s.messages(since)]
        self.assertEqual(kinds, [("B", "return"), ("A", "finish")])
        answered = {"event": "answered", "vat": "A", "question": "qA1"}
        self.assertEqual(s.named("answered"), [answered])
        self.assertEqual(await s.says("A", "Ben"), "Ben")
        self.assertFalse(await s.do("drop", vat="A", name="qA1"))

    @session
    async def test_an_open_task_keeps_the_references_of_its_call_until_it_ends(self, s):
        await s.give("B", BOB)
        await s.do("ask", vat="A", target="Bob", refs=[ALICE], question="qA1")
        await s.drain()
        since = len(s.events)
        await s.do("drop", vat="B", name="Alice")
        self.assertEqual(s.releases(since), [])
        await s.do("return", vat="B", question="qA1", refs=[])
        self.assertEqual(s.releases(since), [1])

    @session
    async def test_a_dropped_question_is_called_off(self, s):
        await s.give("B", BOB)
        await s.do("ask", vat="A", target="Bob", refs=[], question="qA1")
        await s.drain()
        self.assertTrue(await s.do("drop", vat="A", name="qA1"))
        await s.drain()
        self.assertFalse(await s.do("return", vat="B", question="qA1", refs=[]))
        self.assertEqual(s.named("answered"), [])

    @session
    async def test_the_result_of_a_question_is_called_before_it_is_there(self, s):
        await s.give("B", BOB)
        await s.do("ask", vat="A", target="Bob", refs=[], question="qA1")
        await s.do("probe", vat="A", name="qA1", probe=5)
        await s.drain()
        self.assertEqual(s.named("answer"), [])
        await s.do("return", vat="B", question="qA1", refs=[BEN])
        await s.drain()
        self.assertEqual(s.named("answer")[-1]["says"], "Ben")

    @session
    async def test_a_promise_is_resolved(self, s):
        await s.give("B", {"promise": "pB1"})
        since = len(s.events)
        self.assertTrue(await s.do("resolve", vat="B", promise="pB1", refs=[BOB]))
        self.assertEqual([kind for _, kind, _ in s.messages(since)], ["resolve"])
        self.assertEqual(await s.says("A", "pB1"), "Bob")
        self.assertFalse(await s.do("resolve", vat="B", promise="pB1", refs=[BEN]))

    @session
    async def test_nothing_leaves_if_it_cannot_be_serialised(self, s):
        since = len(s.events)
        self.assertTrue(await s.do("fail-send", vat="B", refs=[BOB]))
        self.assertEqual(s.messages(since), [])
        await s.do("forget")
        self.assertEqual(await s.witnesses(), [[], []])

    @session
    async def test_what_is_forgotten_lives_until_it_is_released(self, s):
        await s.give("B", BOB, {"promise": "pB1"})
        await s.give("A", ALICE, {"held": "Bob"})
        await s.do("forget")
        self.assertEqual(await s.witnesses(), [["Alice"], ["Bob"]])
        await s.drain()
        self.assertEqual(await s.witnesses(), [[], []])


class Ends(unittest.TestCase):
    """Sessions that end, and peers that misbehave."""

    async def expect_the_end(self, s, reason, **message):
        """B ends the session because of this message, and both ends are freed."""
        await s.give("B", BOB)
        await s.give("A", ALICE)
        await s.do("hostile", to="B", raw=s.hostile(**message))
        await s.drain()
        ended = {event["vat"]: event["text"] for event in s.named("ended")}
        self.assertIn(reason, ended["B"])
        self.assertIn(reason, ended["A"])
        self.assertIsNone(await s.says("A", "Bob"))
        await s.do("forget")
        self.assertEqual(await s.witnesses(), [[], []])

    @session
    async def test_a_release_that_is_too_large(self, s):
        release = {"id": 1, "referenceCount": 2}
        await self.expect_the_end(s, "refcount below zero", release=release)

    @session
    async def test_a_release_of_an_unknown_export(self, s):
        release = {"id": 77, "referenceCount": 1}
        await self.expect_the_end(s, "invalid export ID", release=release)

    @session
    async def test_a_finish_of_an_unknown_question_changes_nothing(self, s):
        await s.give("B", BOB)
        finish = {"questionId": 55, "releaseResultCaps": True}
        await s.do("hostile", to="B", raw=s.hostile(finish=finish))
        self.assertEqual(s.named("ended"), [])
        self.assertEqual(await s.says("A", "Bob"), "Bob")

    @session
    async def test_bytes_that_are_no_message(self, s):
        await s.give("B", BOB)
        self.assertFalse(await s.do("hostile", to="B", raw="?"))
        await s.do("hostile", to="B", raw=raw(b"\xff" * 500_000))
        await s.drain()
        self.assertEqual(len(s.named("ended")), 2)

    @session
    async def test_a_message_larger_than_any_buffer(self, s):
        abort = {"reason": "x" * 500_000, "type": "failed"}
        await s.do("hostile", to="B", raw=s.hostile(abort=abort))
        self.assertGreater(len(s.named("sent")[-1]["raw"]), 500_000)
        await s.drain()
        self.assertEqual(len(s.named("ended")), 2)
        self.assertTrue(await s.do("open"))

    @session
    async def test_a_cut_frees_both_ends(self, s):
        await s.give("B", BOB)
        await s.give("A", ALICE)
        await s.do("send", vat="A", refs=[ALICE])
        self.assertTrue(await s.do("cut", vat="A"))
        self.assertEqual([event["vat"] for event in s.named("ended")], ["A"])
        self.assertTrue(await s.do("deliver", to="B"))
        self.assertEqual([event["vat"] for event in s.named("ended")], ["A", "B"])
        self.assertFalse(await s.do("cut", vat="A"))
        await s.do("forget")
        self.assertEqual(await s.witnesses(), [[], []])

    @session
    async def test_a_fresh_pair_knows_nothing_of_the_old_one(self, s):
        await s.give("B", BOB)
        await s.do("ask", vat="A", target="Bob", refs=[], question="qA1")
        await s.do("open")
        self.assertFalse(await s.do("drop", vat="A", name="Bob"))
        self.assertFalse(await s.do("drop", vat="A", name="qA1"))
        self.assertFalse(await s.do("deliver", to="B"))


class Outside(unittest.TestCase):
    """The adapter as a program, and its parts."""

    def run_program(self, *arguments, requests=()):
        """Standard output of a Python program that is given requests."""
        lines = "".join(json.dumps(request) + "\n" for request in requests)
        done = subprocess.run(
            [sys.executable, *arguments], input=lines, capture_output=True, text=True, timeout=60
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_it_speaks_in_lines(self):
        requests = [{"do": "send"}, {"do": "open"}, {"do": "tables"}, {"do": "memory"}]
        said = [json.loads(l) for l in self.run_program(ADAPTER, requests=requests).splitlines()]
        self.assertEqual((said[0]["adapter"], said[0]["version"]), (1, "2.2.4"))
        self.assertEqual(said[1], {"done": False, "why": "nothing is open"})
        done = [line["done"] for line in said if "done" in line]
        self.assertEqual(done, [False, True, False, True])
        self.assertGreater(said[-2]["bytes"], 1_000_000)

    def test_its_script_needs_no_suite(self):
        requests = [
            {"do": "open"},
            {"do": "send", "vat": "B", "refs": [BOB]},
            {"do": "deliver", "to": "A"},
            {"do": "probe", "vat": "A", "name": "Bob", "probe": 7},
            {"do": "resolve", "vat": "B", "promise": "pB1", "refs": []},
        ]
        program = self.run_program(ADAPTER, "--script", requests=requests)
        self.assertIn("pip install pycapnp==2.2.4", program.splitlines()[0])
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "program.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(program)
            said = self.run_program("-I", path)
        self.assertIn('{"event": "holds", "vat": "A", "name": "Bob"}', said)
        self.assertNotIn("not done", said)
        self.assertIn("probes never answered: {7: 'Bob'}", said)

    def test_frames_are_measured(self):
        one = bytes([0, 0, 0, 0, 2, 0, 0, 0])
        two = bytes([1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0])
        self.assertEqual(frame_length(one), 24)
        self.assertIsNone(frame_length(two))
        self.assertEqual(frame_length(two + bytes(4)), 40)
        self.assertIsNone(frame_length(b"\0\0"))


if __name__ == "__main__":
    unittest.main()
