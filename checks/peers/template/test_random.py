"""Schedules at random find nothing wrong, and each planted defect."""

import random
import unittest

import defects
import toy
from driven import OTHER, OWN, PROMISES, Driven, held, own, promise

WEIGHTS = {
    "deliver": 10,
    "send": 8,
    "drop": 8,
    "drop-one": 2,
    "collect": 8,
    "finalise": 4,
    "probe": 2,
    "ask": 1,
    "return": 1,
    "resolve": 1,
    "fail-send": 1,
}


def at_random(seed, connection=toy.Connection):
    """What is wrong after a schedule of a hundred requests by honest applications."""
    choose = random.Random(seed)
    driven = Driven(connection)
    asked, probes, resolved, errors = [], {}, {}, []
    names = [*OWN["A"], *OWN["B"], *PROMISES["A"], *PROMISES["B"]]

    def any_refs(vat):
        kinds = [(own, OWN[vat]), (promise, PROMISES[vat]), (held, names)]
        chosen = choose.choices(kinds, [5, 1, 4], k=choose.randint(1, 2))
        return [ref for kind, known in chosen for ref in kind(choose.choice(known))]

    def resolve(vat, name):
        to = choose.choice([[], OWN[vat]])
        if not isinstance(driven("resolve", vat=vat, promise=name, refs=own(*to[:1])), str):
            resolved[name] = to[0] if to else None

    for step in range(100):
        vat = choose.choice("AB")
        theirs = choose.choice(3 * OWN[OTHER[vat]] + PROMISES[OTHER[vat]])
        do = choose.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if do == "deliver":
            driven(do, to=vat)
        elif do in ("send", "fail-send"):
            driven(do, vat=vat, refs=any_refs(vat))
        elif do in ("drop", "drop-one", "collect"):
            driven(do, vat=vat, name=theirs)
        elif do == "finalise":
            driven(do, vat=vat)
        elif do == "probe":
            if not isinstance(driven(do, vat=vat, name=theirs, probe=step), str):
                probes[step] = theirs
        elif do == "ask":
            question = f"q{vat}{step}"
            if not isinstance(driven(do, vat=vat, target=theirs, question=question), str):
                asked.append((OTHER[vat], question))
            if choose.random() < 0.3:
                driven("drop", vat=vat, name=question)
        elif do == "resolve":
            resolve(vat, choose.choice(PROMISES[vat]))
        elif asked:
            other, question = choose.choice(asked)
            driven("return", vat=other, question=question, refs=any_refs(other)[:1])
    driven.drain()
    for vat, question in asked:
        driven("return", vat=vat, question=question)
    for vat in "AB":
        for name in PROMISES[vat]:
            resolve(vat, name)
    driven.drain()
    for event in driven.events:
        if event["event"] in ("ended", "error"):
            errors.append(event["text"])
        if event["event"] == "answer":
            name = probes.pop(event["probe"])
            if event.get("says") != resolved.get(name, name):
                errors.append(f"a wrong answer: {event}")
    errors += [f"probe {probe} was never answered" for probe in probes]
    return errors + driven.leftovers()


class AtRandom(unittest.TestCase):
    def test_honest_applications_find_nothing_wrong(self):
        for seed in range(300):
            with self.subTest(seed=seed):
                self.assertEqual(at_random(seed), [])

    def test_each_defect_is_found(self):
        for name, connection in defects.CONNECTIONS.items():
            with self.subTest(defect=name):
                self.assertTrue(any(at_random(seed, connection) for seed in range(300)))

    def test_a_defect_that_only_a_hostile_peer_brings_to_light_is_not_found(self):
        for seed in range(20):
            self.assertEqual(at_random(seed, defects.KeepsAPart), [])


if __name__ == "__main__":
    unittest.main()
