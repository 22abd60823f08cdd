"""What becomes of promises: resolved, broken, dropped, sent home, sent again."""

import unittest

from driven import Driven, held, kinds, own, promise, sent

BROKEN = [(None, "the promise is broken")]


def breaks(driven, name="pB1", vat="B"):
    return driven.read("resolve", vat=vat, promise=name, refs=[])


def mentions(*indices):
    return [{"mention": {"index": index, "again": False, "promise": True}} for index in indices]


def copies(driven, name, vat="A"):
    return len(driven.pair.vats[vat].held.get(name, []))


class Resolved(unittest.TestCase):
    def setUp(self):
        self.driven = Driven()

    def tearDown(self):
        self.assertEqual(self.driven.leftovers(), [])

    def test_each_mention_has_an_entry_of_its_own_and_each_of_them_is_told(self):
        driven = self.driven
        [message] = sent(driven("send", vat="B", refs=promise("pB1", "pB1")))
        self.assertEqual(message["refs"], mentions(0, 1))
        driven.drain()
        resolved = driven.read("resolve", vat="B", promise="pB1", refs=own("Bob"))
        self.assertEqual([m["promise"]["index"] for m in sent(resolved)], [0, 1])
        again = [m["refs"][0]["mention"]["again"] for m in sent(resolved)]
        self.assertEqual(again, [False, True])
        self.assertEqual((copies(driven, "pB1"), copies(driven, "Bob")), (0, 2))
        self.assertEqual(driven.probe("A", "Bob"), [("Bob", None)])

    def test_the_entry_of_a_promise_is_there_until_its_proxy_is_given_back(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        driven.read("resolve", vat="B", promise="pB1", refs=own("Bob"))
        self.assertEqual((driven.count(0), driven.count(1)), (1, 1))
        self.assertEqual(driven("collect", vat="A", name="pB1"), [])
        [release] = sent(driven("finalise", vat="A", name="pB1"))
        self.assertEqual(release["releases"], [{"index": 0, "count": 1}])

    def test_what_is_mentioned_after_it_was_resolved_is_followed_by_what_it_is(self):
        driven = self.driven
        driven("resolve", vat="B", promise="pB1", refs=own("Bob"))
        events = driven.read("send", vat="B", refs=promise("pB1"))
        self.assertEqual([m["kind"] for m in sent(events)], ["call", "resolve"])
        self.assertEqual(driven.probe("A", "Bob"), [("Bob", None)])

    def test_what_a_dropped_promise_is_resolved_to_is_dropped_too(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        driven("drop", vat="A", name="pB1")
        resolved = driven.read("resolve", vat="B", promise="pB1", refs=own("Bob"))
        self.assertNotIn("holds", kinds(resolved))
        self.assertEqual(driven("collect", vat="A", name="Bob"), [])

    def test_what_a_collected_promise_is_resolved_to_is_given_back_at_once(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        driven.let_go("pB1")
        driven("resolve", vat="B", promise="pB1", refs=own("Bob"))
        driven("deliver", to="A")
        self.assertEqual(driven.drain()[0], {"event": "delivered", "to": "B"})
        self.assertEqual(driven("tables")[1]["exports"], 0)

    def test_a_release_frees_the_entry_of_an_open_promise_and_it_is_told_no_more(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        driven.let_go("pB1")
        driven.drain()
        driven.share("Bob")
        self.assertEqual(driven("resolve", vat="B", promise="pB1", refs=own("Ben")), [])

    def test_whoever_asks_an_open_promise_for_its_name_waits(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        driven.read("send", vat="A", refs=held("pB1"))
        self.assertEqual(driven.probe("A", "pB1") + driven.probe("B", "pB1"), [])
        events = driven.read("resolve", vat="B", promise="pB1", refs=own("Bob"))
        answers = [(event["vat"], event["says"]) for event in events if event["event"] == "answer"]
        self.assertEqual(answers, [("B", "Bob"), ("A", "Bob")])

    def test_a_question_to_an_open_promise_is_a_task_for_its_owner(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        asked = driven.read("ask", vat="A", target="pB1", refs=own("Alice"), question="qA1")
        self.assertEqual(kinds(asked)[-2:], ["asked", "holds"])
        self.assertIn("answered", kinds(driven.read("return", vat="B", question="qA1")))

    def test_a_promise_that_came_home_is_what_it_is_resolved_to(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        [message] = sent(driven.read("send", vat="A", refs=held("pB1")))
        self.assertEqual(message["refs"], [{"home": {"index": 0}}])
        driven.read("resolve", vat="B", promise="pB1", refs=own("Bob"))
        self.assertEqual(driven.probe("B", "pB1"), [("Bob", None)])

    def test_a_promise_can_be_resolved_to_what_is_the_peers_own_and_keeps_that(self):
        driven = self.driven
        driven.share("Alice", vat="A")
        driven.read("send", vat="B", refs=promise("pB1"))
        [message] = sent(driven("resolve", vat="B", promise="pB1", refs=held("Alice")))
        self.assertEqual(message["refs"], [{"home": {"index": 0}}])
        self.assertEqual(driven.probe("A", "pB1"), [(None, "it is the caller's own")])
        driven("drop", vat="B", name="Alice")
        for do in ["collect", "finalise"]:
            driven.read(do, vat="A", name="pB1")
        self.assertIsInstance(driven("collect", vat="B", name="Alice"), str)
        driven.read("send", vat="B", refs=promise("pB1"))
        self.assertEqual(driven.probe("A", "Alice"), [("Alice", None)])
        driven("forget")
        self.assertIsInstance(driven("collect", vat="B", name="Alice"), str)

    def test_a_promise_is_resolved_once_and_to_no_promise_of_the_same_vat(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        driven.read("send", vat="A", refs=held("pB1"))
        for refs in [promise("pB2"), held("pB1")]:
            self.assertIsInstance(driven("resolve", vat="B", promise="pB3", refs=refs), str)
        driven.read("resolve", vat="B", promise="pB1", refs=own("Bob"))
        self.assertIsInstance(breaks(driven), str)

    def test_a_message_that_cannot_be_sent_leaves_no_entry_of_a_promise(self):
        self.driven("fail-send", vat="B", refs=promise("pB1", "pB1"))
        self.assertEqual(self.driven("tables")[1]["exports"], 0)

    def test_what_has_waited_for_a_promise_is_over_with_the_session(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        driven.probe("A", "pB1")
        driven.read("cut", vat="B")
        self.assertEqual(driven("resolve", vat="B", promise="pB1", refs=own("Bob")), [])


class Broken(unittest.TestCase):
    def setUp(self):
        self.driven = Driven()

    def tearDown(self):
        self.assertEqual(self.driven.leftovers(), [])

    def test_who_holds_a_promise_learns_that_it_is_broken_and_goes_on_holding_it(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        events = breaks(driven)
        [message] = sent(events)
        self.assertEqual((message["kind"], message["refs"]), ("resolve", []))
        self.assertEqual(events[-1], {"event": "broken", "vat": "A", "name": "pB1"})
        self.assertEqual(driven.probe("A", "pB1"), BROKEN)
        driven("drop", vat="A", name="pB1")
        self.assertEqual(driven("collect", vat="A", name="pB1"), [])
        [release] = sent(driven("finalise", vat="A", name="pB1"))
        self.assertEqual(release["releases"], [{"index": 0, "count": 1}])

    def test_whoever_has_waited_for_its_name_gets_an_error(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        driven.probe("A", "pB1")
        answers = [event for event in breaks(driven) if event["event"] == "answer"]
        self.assertEqual([event["error"] for event in answers], ["the promise is broken"])

    def test_a_question_to_it_fails_and_what_came_with_it_is_given_back(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        breaks(driven)
        driven("call", vat="A", target="pB1")
        events = driven.read("ask", vat="A", target="pB1", refs=own("Alice"), question="qA1")
        [answered] = [event for event in events if event["event"] == "answered"]
        self.assertEqual(answered["error"], "the promise is broken")
        self.assertNotIn("asked", kinds(events))
        self.assertEqual(driven("tables")[0]["exports"], 0)

    def test_it_can_be_broken_before_it_is_sent_and_sent_twice_after(self):
        driven = self.driven
        breaks(driven)
        events = driven.read("send", vat="B", refs=promise("pB1", "pB1"))
        self.assertEqual([m["kind"] for m in sent(events)], ["call", "resolve", "resolve"])
        self.assertEqual(copies(driven, "pB1"), 2)
        self.assertEqual(driven.probe("A", "pB1"), BROKEN)

    def test_of_two_copies_one_is_dropped_and_the_other_stays_broken(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1", "pB1"))
        breaks(driven)
        driven("drop-one", vat="A", name="pB1")
        self.assertEqual(driven("collect", vat="A", name="pB1"), [])
        driven.read("finalise", vat="A", name="pB1")
        self.assertEqual(driven("tables")[1]["exports"], 1)
        self.assertEqual(driven.probe("A", "pB1"), BROKEN)
        self.assertIsInstance(driven("collect", vat="A", name="pB1"), str)

    def test_it_can_be_sent_home_twice_and_sent_out_from_there(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        breaks(driven)
        for _time in range(2):
            driven.read("send", vat="A", refs=held("pB1"))
        self.assertEqual(copies(driven, "pB1", "B"), 2)
        self.assertEqual(driven.probe("B", "pB1"), BROKEN)
        [message, _told] = sent(driven.read("send", vat="B", refs=held("pB1")))
        self.assertEqual(message["refs"], mentions(1))
        self.assertEqual(driven.probe("A", "pB1"), BROKEN)

    def test_one_that_was_dropped_before_it_broke_is_given_back_after(self):
        driven = self.driven
        driven.read("send", vat="B", refs=promise("pB1"))
        driven("drop", vat="A", name="pB1")
        self.assertNotIn("broken", kinds(breaks(driven)))
        driven.let_go("pB1")
        driven.drain()
        self.assertEqual(driven("tables")[1]["exports"], 0)


class Hostile(unittest.TestCase):
    def test_where_a_promise_was_stands_an_object_now(self):
        driven = Driven()
        driven.read("send", vat="B", refs=promise("pB1"))
        driven.let_go("pB1")
        driven.drain()
        driven.share("Bob")
        raw = {"kind": "resolve", "promise": {"index": 0}}
        self.assertIn("ended", kinds(driven("hostile", to="A", raw=raw)))

    def test_a_resolution_that_may_not_be_ends_the_session(self):
        mention = {"mention": {"index": 5, "again": False}}
        hostile = [
            {"promise": {"index": 7}},
            {"promise": {"index": 0}},
            {"promise": 1},
            {},
            {"promise": {"index": 1}, "refs": [mention, {"home": {"index": 0}}]},
            {"promise": {"index": 1}, "refs": [{"home": {"index": 7}}]},
            {"promise": {"index": 2}},
            {"kind": "call", "refs": [{"mention": {"index": 1, "again": True, "promise": True}}]},
            {"kind": "call", "refs": [{"mention": {"index": 5, "again": False, "promise": 1}}]},
        ]
        for raw in hostile:
            driven = Driven()
            driven.share("Bob")
            driven.share("Alice", vat="A")
            driven.read("send", vat="B", refs=promise("pB1", "pB2"))
            breaks(driven, "pB2")
            with self.subTest(raw=raw):
                raw = {"kind": "resolve", **raw}
                self.assertIn("ended", kinds(driven("hostile", to="A", raw=raw)))
                driven.drain()
                self.assertEqual(driven.leftovers(), [])


if __name__ == "__main__":
    unittest.main()
