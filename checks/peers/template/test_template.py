"""What the template promises. Run with: python3 -m unittest"""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from shutil import copy

import defects
import toy
from driven import Driven, kinds, own, sent
from script import MODULES

HERE = Path(__file__).parent


class Counting(unittest.TestCase):
    def test_each_mention_is_counted_and_the_whole_count_is_given_back_at_once(self):
        driven = Driven()
        driven.share("Bob", "Bob")
        driven.share("Bob")
        self.assertEqual(driven.count(0), 3)
        driven("drop", vat="A", name="Bob")
        self.assertEqual(driven("collect", vat="A", name="Bob"), [])
        [release] = sent(driven("finalise", vat="A", name="Bob"))
        self.assertEqual(release["releases"], [{"index": 0, "count": 3}])
        driven.drain()
        self.assertEqual(driven.leftovers(), [])

    def test_a_release_that_crosses_a_mention_frees_nothing(self):
        driven = Driven()
        driven.share("Bob")
        driven.let_go("Bob")
        driven.share("Bob")
        self.assertEqual(driven.count(0), 1)
        driven("probe", vat="A", name="Bob", probe=1)
        self.assertIn({"event": "answer", "vat": "A", "probe": 1, "says": "Bob"}, driven.drain())

    def test_a_finaliser_does_nothing_while_a_successor_lives(self):
        driven = Driven()
        driven.share("Bob")
        driven("drop", vat="A", name="Bob")
        driven("collect", vat="A", name="Bob")
        driven.share("Bob")
        self.assertEqual(driven("finalise", vat="A", name="Bob"), [])
        self.assertEqual(driven.count(0), 2)
        self.assertEqual(driven.leftovers(), [])

    def test_what_is_held_or_was_never_dropped_is_not_collected(self):
        driven = Driven()
        driven.share("Bob")
        self.assertIsInstance(driven("collect", vat="A", name="Bob"), str)
        driven("drop", vat="A", name="Bob")
        driven.share("Bob")
        self.assertIsInstance(driven("collect", vat="A", name="Bob"), str)
        self.assertIsInstance(driven("finalise", vat="A", name="Bob"), str)

    def test_the_index_that_was_freed_last_is_the_first_to_be_used_again(self):
        driven = Driven()
        driven.share("Bob", "Ben")
        driven.let_go("Bob")
        driven.let_go("Ben")
        driven.drain()
        [message] = sent(driven("send", vat="B", refs=own("Bob")))
        self.assertEqual(message["refs"], [{"mention": {"index": 1, "again": False}}])

    def test_a_reference_that_goes_home_is_the_object_itself(self):
        driven = Driven()
        driven.share("Bob")
        [message] = sent(driven("send", vat="A", refs=[{"held": "Bob"}]))
        self.assertEqual(message["refs"], [{"home": {"index": 0}}])
        driven.drain()
        self.assertEqual(driven("probe", vat="B", name="Bob", probe=1)[0]["says"], "Bob")
        self.assertEqual(driven.leftovers(), [])

    def test_a_message_that_cannot_be_sent_leaves_no_counts(self):
        driven = Driven()
        driven.share("Ben")
        self.assertEqual(driven("fail-send", vat="B", refs=own("Bob", "Ben", "Bob")), [])
        self.assertEqual(driven.count(0), 1)
        self.assertEqual(driven("tables")[1]["exports"], 1)

    def test_an_export_keeps_its_object_until_it_is_released(self):
        driven = Driven()
        driven.share("Bob")
        driven("forget")
        self.assertEqual(driven("witness")[1]["alive"], ["Bob"])
        self.assertEqual(driven.leftovers(), [])
        self.assertEqual(driven("witness")[1]["alive"], [])


class Asking(unittest.TestCase):
    def test_a_result_settles_its_question(self):
        driven = Driven()
        driven.share("Bob")
        driven("ask", vat="A", target="Bob", refs=own("Alice"), question="qA1")
        self.assertEqual(kinds(driven.drain()), ["delivered", "asked", "holds"])
        driven("return", vat="B", question="qA1", refs=own("Ben"))
        answered = [k for k in kinds(driven.drain()) if k in ("answered", "holds")]
        self.assertEqual(answered, ["answered", "holds"])
        self.assertEqual(driven.leftovers(), [])

    def test_what_comes_for_a_question_that_was_dropped_is_given_back(self):
        driven = Driven()
        driven.share("Bob")
        driven("ask", vat="A", target="Bob", refs=[], question="qA1")
        driven("drop", vat="A", name="qA1")
        driven("probe", vat="A", name="Bob", probe=1)
        driven.drain()
        driven("return", vat="B", question="qA1", refs=own("Ben"))
        self.assertNotIn("answered", kinds(driven.drain()))
        self.assertEqual(driven.leftovers(), [])


class Ending(unittest.TestCase):
    def test_what_may_not_be_said_ends_the_session(self):
        hostile = [
            {"kind": "release", "releases": [{"index": 0, "count": 2}]},
            {"kind": "release", "releases": [{"index": 0, "count": 0}]},
            {"kind": "release", "releases": [{"index": 7, "count": 1}]},
            {"kind": "release", "releases": [{"index": 0, "count": 1.5}]},
            {"kind": "release", "releases": [{"index": 0, "count": True}]},
            {"kind": "call", "target": {"home": {"index": 7}}},
            {"kind": "call", "refs": [{"mention": {"index": 0, "again": True}}]},
            {"kind": "call", "refs": [{"mention": {"index": 0}}]},
            {"kind": "call", "refs": [{"home": {"index": 7}}]},
            {"kind": "call", "refs": [{}]},
            {"kind": "return", "question": 1},
            {"kind": "finish", "question": 1},
            {"kind": "gossip"},
            {"kind": None},
            {},
            [],
            None,
            "nonsense",
        ]
        for raw in hostile:
            driven = Driven()
            driven.share("Bob")
            driven("probe", vat="B", name="Bob", probe=1)
            with self.subTest(raw=raw):
                self.assertIn("ended", kinds(driven("hostile", to="B", raw=raw)))
                self.assertEqual(kinds(driven.drain())[-2:], ["ended", "broken"])
                self.assertIn("session is over", driven("send", vat="B", refs=own("Bob")))
                self.assertEqual(driven.leftovers(), [])

    def test_what_was_read_of_a_message_is_kept_by_the_defect_alone(self):
        good = [{"mention": {"index": 50, "again": again}} for again in (False, True)]
        raw = {"kind": "call", "refs": [good[0], {"home": {"index": 977}}, good[1]]}
        for connection, kept in [(toy.Connection, 0), (defects.KeepsAPart, 1)]:
            driven = Driven(connection)
            ended = "ended" in kinds(driven("hostile", to="B", raw=raw))
            with self.subTest(connection=connection.__name__):
                self.assertEqual(ended, not kept)
                self.assertEqual([left["imports"] for left in driven.leftovers()], [1] * kept)

    def test_a_cut_breaks_what_is_held_and_fails_what_is_asked(self):
        driven = Driven()
        driven.share("Bob")
        driven("ask", vat="A", target="Bob", refs=[], question="qA1")
        driven("probe", vat="A", name="Bob", probe=1)
        cut = driven("cut", vat="A")
        self.assertEqual(kinds(cut), ["sent", "answered", "answer", "ended", "broken"])
        self.assertTrue(all("error" in event for event in cut[1:3]))
        driven("drop", vat="A", name="Bob")
        self.assertIsInstance(driven("collect", vat="A", name="Bob"), str)
        self.assertEqual(kinds(driven.drain())[-1], "ended")
        self.assertEqual(driven.leftovers(), [])


SCHEDULE = [
    {"do": "open"},
    {"do": "send", "vat": "B", "refs": own("Bob")},
    {"do": "deliver", "to": "A"},
    {"do": "probe", "vat": "A", "name": "Bob", "probe": 1},
    {"do": "deliver", "to": "B"},
    {"do": "deliver", "to": "A"},
    {"do": "memory"},
    {"do": "dance"},
]
INPUT = "".join(json.dumps(request) + "\n" for request in SCHEDULE)


def run(*arguments, **options):
    command = [sys.executable, HERE / "adapter.py", *arguments]
    given = {"input": INPUT, "capture_output": True, "text": True, "timeout": 60, **options}
    return subprocess.run(command, **given)


class Shell(unittest.TestCase):
    def test_it_introduces_itself_answers_every_request_and_ends_with_its_input(self):
        done = run()
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual((lines[0]["adapter"], lines[0]["wire"]), (1, "lines"))
        answers = [line["done"] for line in lines if "done" in line]
        self.assertEqual(answers, [True] * (len(SCHEDULE) - 1) + [False])
        self.assertIn({"event": "answer", "vat": "A", "probe": 1, "says": "Bob"}, lines)

    def test_garbage_is_no_json_and_the_rest_is_as_it_should_be(self):
        lines = run("--defect", "garbage").stdout.splitlines()
        with self.assertRaises(ValueError):
            [json.loads(line) for line in lines]
        self.assertEqual(sum('"done"' in line for line in lines), len(SCHEDULE))

    def test_a_crash_leaves_a_request_unanswered(self):
        done = run("--defect", "crash")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stdout.count('"done"'), 5)
        self.assertIn("crash", done.stderr)

    def test_a_hang_is_silent_until_the_input_ends(self):
        done = run("--defect", "hang")
        self.assertEqual((done.returncode, done.stdout.count('"done"')), (3, 5))

    def test_a_flood_ends_when_nobody_reads_it(self):
        command = [sys.executable, HERE / "adapter.py", "--defect", "flood"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as flood:
            flood.stdin.write(INPUT)
            flood.stdin.flush()
            lines = [flood.stdout.readline() for _ in range(1000)]
            self.assertIn("and another thing", lines[-1])
            flood.stdout.close()
            self.assertEqual(flood.wait(timeout=60), 3)

    def test_an_unknown_defect_is_refused(self):
        self.assertIn("known are", run("--defect", "dance").stderr)


class Script(unittest.TestCase):
    def run_script(self, *arguments):
        script = run("--script", *arguments).stdout
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "script.py").write_text(script)
            for module in MODULES + ["defects.py"] * bool(arguments):
                copy(HERE / module, folder)
            command = [sys.executable, "script.py"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def test_it_needs_the_implementation_alone_and_does_the_same(self):
        printed = self.run_script()
        self.assertIn("every probe was answered", printed)
        self.assertIn('{"event": "holds", "vat": "A", "name": "Bob"}', printed)
        self.assertIn("not done: no such request: dance", printed)

    def test_it_says_which_probes_were_never_answered(self):
        printed = self.run_script("--defect", "never-answers")
        self.assertIn("NEVER ANSWERED: probe 1, VatA asking Bob for its name", printed)


if __name__ == "__main__":
    unittest.main()
