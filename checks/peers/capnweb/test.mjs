// What the adapter promises, held against capnweb itself. Run with: npm test
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { Pair, turn } from "./pair.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

/** A pair that is open, and what it reports. */
async function opened() {
  const events = [];
  const pair = new Pair((event) => events.push(event));
  const obey = async (request) => {
    events.length = 0;
    const why = await pair.obey(request);
    assert.equal(why, undefined, JSON.stringify(request));
    return [...events];
  };
  const refused = async (request) => {
    events.length = 0;
    return pair.obey(request);
  };
  const drain = async () => {
    const seen = [];
    const more = (to) => pair.obey({ do: "deliver", to });
    events.length = 0;
    let idle;
    do {
      idle = (await more("A")) !== undefined && (await more("B")) !== undefined;
    } while (!idle);
    seen.push(...events);
    return seen;
  };
  await obey({ do: "open" });
  return { pair, obey, refused, drain, events };
}

const own = (name) => ({ own: name });
const held = (name) => ({ held: name });
const send = (vat, ...refs) => ({ do: "send", vat, refs });
const probe = (vat, name) => ({ do: "probe", vat, name, probe: 1 });
const names = (events) => events.map((e) => e.event);
const answers = (events) => events.filter((e) => e.event === "answer");

test("a reference is held where it was read, and says its name", async () => {
  const { obey, drain } = await opened();
  const [first] = await obey(send("B", own("Bob")));
  assert.equal(first.event, "sent");
  assert.deepEqual(first.raw[1].slice(0, 3), ["pipeline", 0, ["take"]]);
  assert.deepEqual(await obey({ do: "deliver", to: "A" }), [
    { event: "delivered", to: "A" },
    { event: "holds", vat: "A", name: "Bob" },
  ]);
  await obey(probe("A", "Bob"));
  assert.deepEqual(answers(await drain()), [
    { event: "answer", vat: "A", probe: 1, says: "Bob" },
  ]);
});

test("nothing that was let go is kept", async () => {
  const { obey, drain } = await opened();
  const before = await obey({ do: "tables" });
  await obey(send("B", own("Bob"), own("Bob"), own("Ben")));
  await obey(send("A", own("Alice")));
  await drain();
  await obey({ do: "ask", vat: "A", target: "Bob", refs: [own("Ada")], question: "qA1" });
  await drain();
  await obey({ do: "return", vat: "B", question: "qA1", refs: [own("Ben")] });
  assert.deepEqual(names(await drain()).slice(0, 4), ["delivered", "sent", "answered", "holds"]);
  assert.notDeepEqual(await obey({ do: "tables" }), before);
  await obey({ do: "forget" });
  await drain();
  assert.deepEqual(await obey({ do: "tables" }), before);
  assert.deepEqual(await obey({ do: "witness" }), [
    { event: "witness", vat: "A", alive: [] },
    { event: "witness", vat: "B", alive: [] },
  ]);
});

test("an export is a witness until it is released", async () => {
  const { pair, obey } = await opened();
  await obey(send("B", own("Bob")));
  await obey({ do: "forget" });
  assert.deepEqual((await obey({ do: "witness" }))[1].alive, ["Bob"]);
  while ((await pair.obey({ do: "deliver", to: "A" })) === undefined);
  assert.deepEqual((await obey({ do: "witness" }))[1].alive, ["Bob"]);
});

test("what is asked for and cannot be done is refused", async () => {
  const { refused } = await opened();
  assert.match(await refused({ do: "drop", vat: "A", name: "Bob" }), /holds no Bob/);
  assert.match(await refused(probe("A", "Bob")), /holds no Bob/);
  assert.match(await refused(send("A", held("Bob"))), /holds no Bob/);
  assert.match(await refused({ do: "deliver", to: "A" }), /nothing is held back/);
  assert.match(await refused({ do: "return", vat: "B", question: "qA1", refs: [] }), /no task/);
  assert.match(await refused({ do: "collect", vat: "A", name: "Bob" }), /no such request/);
});

test("a question that was dropped is not answered", async () => {
  const { obey, drain } = await opened();
  await obey(send("B", own("Bob")));
  await drain();
  await obey({ do: "ask", vat: "A", target: "Bob", refs: [], question: "qA1" });
  await drain();
  await obey({ do: "drop", vat: "A", name: "qA1" });
  await obey({ do: "return", vat: "B", question: "qA1", refs: [own("Ben")] });
  const events = names(await drain());
  assert.ok(!events.includes("answered") && !events.includes("holds"));
});

test("a message that cannot be serialised does not leave", async () => {
  const { obey } = await opened();
  const before = await obey({ do: "tables" });
  assert.deepEqual(await obey({ do: "fail-send", vat: "B", refs: [own("Bob")] }), []);
  assert.deepEqual(await obey({ do: "tables" }), before);
});

test("a release of more than there is ends the session, and the peer hears of it", async () => {
  const { obey, drain, refused } = await opened();
  await obey(send("B", own("Bob")));
  await drain();
  const hostile = await obey({ do: "hostile", to: "B", raw: ["release", -1, 2] });
  assert.deepEqual(names(hostile), ["sent", "ended"]);
  assert.ok(names(await drain()).includes("broken"));
  assert.match(await refused(send("B", own("Bob"))), /session is over/);
  await obey({ do: "open" });
});

test("whatever is read, the process survives", async () => {
  const { obey } = await opened();
  const texts = ["", "nonsense", "{}", "[]", "[1]", "[\"push\"]", "[\"resolve\",0,5]"];
  const raws = [
    ["abort", ["error", "Error", "x"]], ["pull", 99], ["release", 0, 1], ["release", 0.5, -1],
    ["push", ["pipeline", 0, ["take"], [["Bob"], ["export", -1]]]],
    ["push", ["pipeline", 0, ["take"], [[["Bob"]], ["export", 7]]]],
  ];
  for (const raw of [...texts, ...raws]) {
    await obey({ do: "hostile", to: "A", raw });
    await obey({ do: "open" });
  }
});

test("a cut ends it on both sides, after what was sent before", async () => {
  const { obey, drain } = await opened();
  await obey(send("B", own("Bob")));
  await drain();
  await obey(send("A", own("Alice")));
  assert.deepEqual(names(await obey({ do: "cut", vat: "A" })), ["ended", "broken"]);
  const seen = await drain();
  assert.deepEqual(names(seen).filter((name) => name !== "delivered"), [
    "holds", "ended", "broken",
  ]);
  assert.equal(seen.at(-1).vat, "B");
});

test("nothing happens any more once a request is answered", async () => {
  const { obey, pair, events } = await opened();
  const quiet = async () => {
    const heard = events.length;
    for (let i = 0; i < 5; i += 1) await turn();
    assert.equal(events.length, heard);
  };
  const requests = [
    send("B", own("Bob")), send("A", own("Alice")), { do: "deliver", to: "A" },
    { do: "deliver", to: "A" }, probe("A", "Bob"), { do: "deliver", to: "B" },
    { do: "deliver", to: "B" }, { do: "deliver", to: "B" }, { do: "deliver", to: "B" },
    { do: "deliver", to: "A" }, { do: "cut", vat: "B" },
  ];
  for (const request of requests) {
    await obey(request);
    await quiet();
  }
  await pair.obey({ do: "deliver", to: "A" });
  await quiet();
});

const schedule = [
  { do: "open" }, send("B", own("Bob")), { do: "deliver", to: "A" }, probe("A", "Bob"),
  { do: "drop", vat: "A", name: "nobody" },
];
const input = schedule.map((request) => `${JSON.stringify(request)}\n`).join("");

test("the shell introduces itself, answers every request, and ends with its input", () => {
  const { stdout, status } = spawnSync(process.execPath, [join(here, "adapter.mjs")], { input });
  const lines = String(stdout).trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(status, 0);
  assert.equal(lines[0].adapter, 1);
  assert.equal(lines[0].version, "0.12.0");
  assert.equal(lines.filter((line) => "done" in line).length, schedule.length);
  assert.deepEqual(lines.at(-1), { done: false, why: "VatA holds no nobody" });
});

test("the script needs capnweb alone, and says which probes had no answer", () => {
  const script = spawnSync(process.execPath, [join(here, "adapter.mjs"), "--script"], { input });
  const folder = mkdtempSync(join(tmpdir(), "script-"));
  try {
    writeFileSync(join(folder, "script.mjs"), script.stdout);
    symlinkSync(join(here, "node_modules"), join(folder, "node_modules"));
    const run = spawnSync(process.execPath, ["script.mjs"], { cwd: folder });
    assert.equal(run.status, 0, String(run.stderr));
    assert.match(String(run.stdout), /NEVER ANSWERED: probe 1, VatA asking Bob/);
    assert.match(String(run.stdout), /"event":"holds","vat":"A","name":"Bob"/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
