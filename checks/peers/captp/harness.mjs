// What the tests ask an adapter with, and how they read what it says.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

export const here = (name) => fileURLToPath(new URL(name, import.meta.url));
export const own = (name) => ({ own: name });
export const held = (name) => ({ held: name });
export const promise = (name) => ({ promise: name });

// An adapter. It is a process of its own: the test runner marks promises, and marked promises
// cannot be passed.
export const launch = async (...options) => {
    const child = spawn(process.execPath, [here("adapter.mjs"), ...options], {
        stdio: ["pipe", "pipe", "ignore"],
    });
    after(() => child.stdin.end());
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await lines.next()).value);
    const ask = async (request) => {
        child.stdin.write(`${JSON.stringify(request)}\n`);
        const events = [];
        for (;;) {
            const line = await next();
            if ("done" in line) return { ...line, events };
            events.push(line);
        }
    };
    return { ask, hello: await next() };
};

export const stepped = await launch();

// Two vats that are open, and short words for what is asked of them. They give the events.
export const start = async (adapter = stepped) => {
    const waiting = { A: 0, B: 0 };
    const unanswered = new Set();
    const ask = async (request) => {
        const answer = await adapter.ask(request);
        if (request?.do === "probe" && answer.done) unanswered.add(request.probe);
        for (const { event, from, to, probe } of answer.events) {
            if (event === "sent") waiting[from === "A" ? "B" : "A"] += 1;
            if (event === "delivered") waiting[to] -= 1;
            if (event === "answer") unanswered.delete(probe);
        }
        return answer;
    };
    const go = async (request) => {
        const { done, why, events } = await ask(request);
        assert.ok(done, `${JSON.stringify(request)}: ${why}`);
        return events;
    };
    const no = async (request) => assert.equal((await ask(request)).done, false);
    // Delivers everything, both ways.
    const pump = async () => {
        const seen = [];
        for (let to = "A"; waiting.A + waiting.B > 0; to = to === "A" ? "B" : "A") {
            if (waiting[to] > 0) seen.push(...(await go({ do: "deliver", to })));
        }
        return seen;
    };
    // Has it collected, finalised and released; gives the message that says so.
    const release = async (vat, name) => {
        await ask({ do: "drop", vat, name });
        await go({ do: "collect", vat, name });
        const seen = await go({ do: "finalise", vat, name });
        await pump();
        return sent(seen).find(({ type }) => type === "CTP_DROP");
    };
    await go({ do: "open" });
    return { ask, go, no, pump, release, waiting, unanswered };
};

export const sent = (events) =>
    events.filter(({ event }) => event === "sent").map(({ raw }) => raw);
export const some = (events, fields) =>
    events.some((event) => Object.entries(fields).every(([key, value]) => event[key] === value));
export const tables = (events, vat) => {
    const { exports, imports } = events.find((e) => e.event === "tables" && e.vat === vat);
    return [exports, imports];
};
export const alive = (events, vat) =>
    events.find((e) => e.event === "witness" && e.vat === vat).alive;

// Has every finaliser run, and everything delivered, until nothing moves.
export const drain = async ({ ask, pump }) => {
    for (let moved = true; moved; ) {
        await pump();
        moved = false;
        for (const vat of ["A", "B"]) {
            await ask({ do: "collect", vat });
            while ((await ask({ do: "finalise", vat })).done) moved = true;
        }
    }
};
