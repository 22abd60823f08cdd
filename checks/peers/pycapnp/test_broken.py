"""Promises that their own vat breaks."""

import unittest

from session import ALICE, BOB, PROMISE, session


class Broken(unittest.TestCase):
    """A promise is resolved to nothing."""

    async def expect_broken(self, s, vat):
        """A probe of the promise is answered with an error, and nobody complains."""
        await s.do("probe", vat=vat, name="pB1", probe=1)
        await s.drain()
        self.assertIn("pB1: broken on purpose", s.named("answer")[-1]["error"])
        self.assertEqual(s.named("error"), [])

    async def expect_nothing_left(self, s, since):
        """What was mentioned since is released, and no object exists, when all is let go."""
        await s.do("forget")
        await s.drain()
        self.assertEqual(s.unreleased(since), 0)
        self.assertEqual(await s.witnesses(), [[], []])

    @session
    async def test_a_broken_promise_is_broken_for_who_has_read_so(self, s):
        await s.give("B", PROMISE)
        await s.do("probe", vat="A", name="pB1", probe=5)
        since = len(s.events)
        self.assertTrue(await s.do("resolve", vat="B", promise="pB1", refs=[]))
        (_, kind, fields), *_ = s.messages(since)
        self.assertEqual(kind, "resolve")
        self.assertIn("broken on purpose", fields["exception"]["reason"])
        self.assertFalse(await s.do("resolve", vat="B", promise="pB1", refs=[]))
        self.assertFalse(await s.do("resolve", vat="B", promise="pB1", refs=[BOB]))
        await s.drain()
        self.assertIn("pB1: broken on purpose", s.named("answer")[0]["error"])
        await s.do("call", vat="A", target="pB1")
        await s.do("ask", vat="A", target="pB1", refs=[ALICE], question="qA1")
        await s.drain()
        self.assertIn("broken on purpose", s.named("answered")[0]["error"])
        self.assertEqual(s.named("asked") + s.named("error"), [])
        await self.expect_nothing_left(s, 0)

    @session
    async def test_of_two_copies_of_a_broken_promise_one_is_dropped(self, s):
        since = len(s.events)
        await s.give("B", PROMISE, PROMISE)
        await s.do("resolve", vat="B", promise="pB1", refs=[])
        await s.drain()
        self.assertTrue(await s.do("drop-one", vat="A", name="pB1"))
        await s.drain()
        await self.expect_broken(s, "A")
        await s.give("B", PROMISE)
        await self.expect_broken(s, "A")
        await self.expect_nothing_left(s, since)

    @session
    async def test_a_broken_promise_comes_home(self, s):
        since = len(s.events)
        await s.give("B", PROMISE)
        await s.do("resolve", vat="B", promise="pB1", refs=[])
        await s.drain()
        await s.give("A", {"held": "pB1"}, {"held": "pB1"})
        await s.do("drop", vat="A", name="pB1")
        await s.drain()
        await self.expect_broken(s, "B")
        await self.expect_nothing_left(s, since)

    @session
    async def test_a_promise_is_broken_before_it_leaves(self, s):
        since = len(s.events)
        self.assertTrue(await s.do("resolve", vat="B", promise="pB1", refs=[]))
        await s.give("B", PROMISE, BOB)
        await self.expect_broken(s, "A")
        self.assertEqual(await s.says("A", "Bob"), "Bob")
        await self.expect_nothing_left(s, since)


if __name__ == "__main__":
    unittest.main()
