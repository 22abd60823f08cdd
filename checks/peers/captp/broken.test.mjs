// Promises that their own vat breaks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { alive, drain, held, launch, own, promise } from "./harness.mjs";
import { sent, some, start, tables } from "./harness.mjs";

const refs = [promise("pB1")];
const breaking = { do: "resolve", vat: "B", promise: "pB1", refs: [] };
const broken = { event: "broken", name: "pB1" };
const REASON = "Error: pB1: broken on purpose";

// The answer to a probe is this reason, and nobody complains.
const fails = async ({ go, pump }, vat, name = "pB1") => {
    const seen = [...(await go({ do: "probe", vat, name, probe: 1 })), ...(await pump())];
    assert.ok(some(seen, { event: "answer", vat, probe: 1, error: REASON }));
    assert.ok(!some(seen, { event: "error" }));
};

// Both let go of everything, and the tables are as they were.
const isClean = async (session) => {
    await session.go({ do: "forget" });
    await drain(session);
    const rows = await session.go({ do: "tables" });
    assert.deepEqual([tables(rows, "A"), tables(rows, "B")], [[1, 1], [1, 1]]);
    const seen = await session.go({ do: "witness" });
    assert.deepEqual([alive(seen, "A"), alive(seen, "B")], [[], []]);
};

test("a promise that its own vat breaks is broken for who holds it and has read so", async () => {
    const session = await start();
    const { go, no, pump } = session;
    await go({ do: "send", vat: "B", refs });
    await pump();
    const [{ type, promiseID, rej }] = sent(await go(breaking));
    assert.deepEqual([type, promiseID], ["CTP_RESOLVE", "p-1"]);
    assert.match(rej.body, /broken on purpose/);
    const seen = await pump();
    assert.deepEqual(seen.filter(({ event }) => event === "broken"), [{ ...broken, vat: "A" }]);
    assert.ok(!some(seen, { event: "error" }));
    await no(breaking);
    await no({ ...breaking, refs: [own("Bob")] });
    await fails(session, "A");
    await isClean(session);
});

test("calls of a broken promise come back broken, and nobody complains", async () => {
    const session = await start();
    const { go, pump } = session;
    await go({ do: "send", vat: "B", refs });
    await pump();
    const question = "qA1";
    const seen = [
        ...(await go({ do: "probe", vat: "A", name: "pB1", probe: 7 })),
        ...(await go(breaking)),
        ...(await pump()),
        ...(await go({ do: "call", vat: "A", target: "pB1" })),
        ...(await go({ do: "ask", vat: "A", target: "pB1", refs: [own("Ada")], question })),
        ...(await pump()),
    ];
    assert.ok(some(seen, { event: "answer", probe: 7, error: REASON }));
    assert.ok(some(seen, { event: "answered", vat: "A", question, error: REASON }));
    assert.ok(!some(seen, { event: "asked" }));
    assert.ok(!some(seen, { event: "error" }));
    await isClean(session);
});

test("a promise that was broken before it left is broken where it arrives", async () => {
    const session = await start();
    const { go, pump } = session;
    assert.deepEqual(await go(breaking), []);
    await go({ do: "send", vat: "B", refs: [...refs, ...refs] });
    const seen = await pump();
    assert.deepEqual(seen.filter(({ event }) => event === "broken"), [{ ...broken, vat: "A" }]);
    await fails(session, "A");
    await isClean(session);
});

test("a broken promise may be sent again and sent home", async () => {
    const session = await start();
    const { go, pump } = session;
    await go({ do: "send", vat: "B", refs });
    await go(breaking);
    await go({ do: "send", vat: "B", refs });
    await pump();
    await fails(session, "A");
    const [call] = sent(await go({ do: "send", vat: "A", refs: [held("pB1"), held("pB1")] }));
    assert.deepEqual(call.method.slots, ["p-1"]);
    assert.ok(some(await pump(), { ...broken, vat: "B" }));
    await fails(session, "B");
    await go({ do: "drop", vat: "A", name: "pB1" });
    await fails(session, "B");
    await isClean(session);
});

test("a promise is broken with the promise that it was resolved to", async () => {
    const session = await start();
    const { go, pump } = session;
    await go({ do: "send", vat: "B", refs: [promise("pB2")] });
    await go({ do: "send", vat: "B", refs: [own("Bob")] });
    await go({ do: "resolve", vat: "B", promise: "pB2", refs });
    await pump();
    await go(breaking);
    assert.ok(some(await pump(), { ...broken, vat: "A", name: "pB2" }));
    await fails(session, "A", "pB2");
    await isClean(session);
});

test("a result that is a broken promise is an answer with an error", async () => {
    const session = await start();
    const { go, pump } = session;
    await go({ do: "send", vat: "B", refs: [own("Bob")] });
    await pump();
    await go({ do: "ask", vat: "A", target: "Bob", refs: [], question: "qA1" });
    await pump();
    await go(breaking);
    await go({ do: "return", vat: "B", question: "qA1", refs });
    const seen = await pump();
    assert.ok(some(seen, { event: "answered", question: "qA1", error: REASON }));
    assert.ok(!some(seen, { event: "holds" }));
    await isClean(session);
});

test("with V8's own collector, too, nothing is left of a broken promise", async () => {
    const session = await start(await launch("--collector", "real"));
    const { go, pump } = session;
    await go(breaking);
    await go({ do: "send", vat: "B", refs: [own("Bob"), ...refs] });
    assert.ok(some(await pump(), { ...broken, vat: "A" }));
    await isClean(session);
});
