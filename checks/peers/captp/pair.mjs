// Two vats that are joined by @endo/captp, and everything that can be asked of them.

import { readFileSync } from "node:fs";
import { collectGarbage, install, turn } from "./collector.mjs";
import { ON_PURPOSE, Refusal, Vat, refuse, text } from "./vat.mjs";

/** Loads @endo/captp, which takes the collector of this kind for V8's own. */
export const loadPeer = async (kind) => {
    const collector = install(kind);
    await import("ses/assert-shim.js");
    await import("@endo/immutable-arraybuffer/shim.js");
    await import("@endo/eventual-send/shim.js");
    const captp = await import("@endo/captp");
    const manifest = new URL(import.meta.resolve("@endo/captp/package.json"));
    const { version } = JSON.parse(readFileSync(manifest, "utf8"));
    return { collector, version, ...captp };
};

// It may be passed, so that what stands before it is serialised; but its own turn is a failure.
const unserialisable = () => new ArrayBuffer(1).transferToImmutable();

const other = (name) => (name === "A" ? "B" : "A");

// What can be asked. Each is done at once or refuses, or says later whether it could be done. No
// reference outlives the job that it is used in: the application's cupboard alone keeps it.
const VERBS = {
    async open(pair) {
        pair.renew();
        for (const vat of pair.both()) {
            const keep = (first) => {
                vat.first = first;
            };
            vat.end.getBootstrap().then(keep, (error) => vat.complain(error));
        }
        await turn();
        while (pair.both().some(({ inbox }) => inbox.length > 0)) {
            for (const vat of pair.both()) if (vat.inbox.length > 0) pair.deliver(vat);
            await turn();
        }
    },

    send(pair, { vat, refs }) {
        const [names, values] = pair.vat(vat).cargo(refs);
        pair.peer.E.sendOnly(pair.vat(vat).first).take(names, values);
    },

    call(pair, { vat, target }) {
        pair.peer.E.sendOnly(pair.vat(vat).one(target)).poke();
    },

    ask(pair, { vat: name, target, refs, question }) {
        const vat = pair.vat(name);
        const [names, values] = vat.cargo(refs);
        vat.heap.naming = question;
        const promise = pair.peer.E(vat.one(target)).ask(question, names, values);
        vat.held.set(question, [promise]);
        const result = () => pair.results.get(question);
        promise.then(
            (value) => vat.answered(question, result(), value),
            (error) => vat.answered(question, undefined, undefined, error),
        );
    },

    return(pair, { vat: name, question, refs }) {
        const vat = pair.vat(name);
        const resolve = vat.tasks.get(question) ?? refuse(`${question} is no open task`);
        const [[as], [value]] = vat.cargo(refs);
        vat.tasks.delete(question);
        // The result is the bare reference, so that calls to the question go through; what the
        // sender calls it goes beside.
        pair.results.set(question, as);
        resolve(value);
    },

    resolve(pair, { vat: name, promise, refs }) {
        const vat = pair.vat(name);
        const made = vat.promise(promise);
        if (made.resolved) refuse(`${promise} is resolved already`);
        const [, values] = vat.cargo(refs);
        made.resolved = true;
        if (values.length > 0) made.resolve(values[0]);
        else made.reject(Error(`${promise}: ${ON_PURPOSE}`));
    },

    "fail-send"(pair, { vat, refs }) {
        const [names, values] = pair.vat(vat).cargo(refs);
        pair.peer.E.sendOnly(pair.vat(vat).first).take(names, [...values, unserialisable()]);
    },

    drop(pair, { vat, name }) {
        if (!pair.vat(vat).held.delete(name)) refuse(`Vat${vat} holds no ${name}`);
    },

    async collect(pair, { vat, name }) {
        const { heap, held } = pair.vat(vat);
        if (name !== undefined && held.has(name)) refuse(`Vat${vat} holds ${name}`);
        const fits = (entry) => name === undefined || entry.names.has(name);
        const cleared = await pair.peer.collector.collect([heap], fits);
        if (!cleared) refuse(`no weak reference of a ${name ?? "thing"} can be cleared`);
    },

    async finalise(pair, { vat, name }) {
        const { heap } = pair.vat(vat);
        const { collector } = pair.peer;
        if (await collector.finalise(heap, name)) return;
        // Results that nobody asked for: see README.
        const idle = pair.forgotten && name === undefined;
        if (idle && (await pair.collectUnnamed()) && (await collector.finalise(heap))) return;
        refuse("no finaliser is owed");
    },

    deliver(pair, { to }) {
        if (pair.vat(to).inbox.length === 0) refuse(`nothing is held back for Vat${to}`);
        pair.deliver(pair.vat(to));
    },

    probe(pair, { vat, name, probe }) {
        const { emit } = pair.vat(vat);
        const answer = (what) => {
            pair.unanswered.delete(probe);
            emit({ event: "answer", vat, probe, ...what });
        };
        const says = pair.peer.E(pair.vat(vat).one(name)).whoami();
        pair.unanswered.set(probe, `Vat${vat}'s ${name}`);
        says.then(
            (says) => answer({ says }),
            (error) => answer({ error: text(error) }),
        );
    },

    hostile(pair, { to, raw }) {
        pair.vat(to).read(raw);
    },

    cut(pair, { vat }) {
        if (pair.vat(vat).ended) refuse(`the session is over for Vat${vat}`);
        pair.vat(vat).end.abort();
    },

    async forget(pair) {
        for (const vat of pair.both()) vat.letGo();
        pair.forgotten = true;
        await turn();
        await pair.collectUnnamed();
    },

    tables(pair) {
        for (const vat of pair.both()) pair.emit(vat.tables());
    },

    async witness(pair) {
        for (const vat of pair.both()) vat.leave();
        await collectGarbage();
        for (const vat of pair.both()) {
            pair.emit({ event: "witness", vat: vat.name, alive: vat.alive() });
        }
    },

    async memory(pair) {
        await collectGarbage();
        pair.emit({ event: "memory", bytes: process.memoryUsage().heapUsed });
    },
};

/** Two vats and the requests that they obey. */
export class Pair {
    #acting = "A";
    #generation = 0;
    vats = {};

    /** `peer` is what `loadPeer` gave; `emit` is called with every event. */
    constructor(peer, emit) {
        this.peer = peer;
        this.emit = emit;
    }

    /** Does what is asked. Resolves to the answer when nothing moves any more. */
    async request(request) {
        this.#acting = request?.vat ?? request?.to ?? this.#acting;
        const answer = await this.#attempt(request);
        // All that an end does by itself it does in promise jobs: they are over after a turn.
        await turn();
        for (const vat of Object.values(this.vats)) vat.heap.naming = undefined;
        return answer;
    }

    async #attempt(request) {
        const name = request?.do;
        try {
            if (!Object.hasOwn(VERBS, name)) refuse(`no such request: ${name}`);
            await VERBS[name](this, request);
            return { done: true };
        } catch (error) {
            if (!(error instanceof Refusal)) this.complain(error);
            return { done: false, why: error instanceof Refusal ? error.message : text(error) };
        }
    }

    /** An exception that nobody caught. */
    complain(error) {
        this.emit({ event: "error", vat: this.#acting, text: text(error) });
    }

    vat(name) {
        return Object.hasOwn(this.vats, name) ? this.vats[name] : refuse(`there is no Vat${name}`);
    }

    both() {
        return [this.vat("A"), this.vat("B")];
    }

    // Two fresh vats. What is left of the old ones is not heard any more.
    renew() {
        this.#generation += 1;
        const mine = this.#generation;
        const emit = (event) => {
            if (mine === this.#generation) this.emit(event);
        };
        this.results = new Map();
        this.unanswered = new Map();
        this.forgotten = false;
        this.vats = { A: new Vat("A", this.peer, emit), B: new Vat("B", this.peer, emit) };
        for (const vat of this.both()) vat.join(this.vat(other(vat.name)));
    }

    deliver(vat) {
        this.emit({ event: "delivered", to: vat.name });
        vat.read(JSON.parse(vat.inbox.shift()));
    }

    // Promises of results that the application never had.
    collectUnnamed() {
        const heaps = this.both().map(({ heap }) => heap);
        return this.peer.collector.collect(heaps, ({ names }) => names.size === 0);
    }
}
