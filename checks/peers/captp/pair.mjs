// Two vats that are joined by @endo/captp, and everything that can be asked of them.

import { readFileSync } from "node:fs";
import { Heap, collectGarbage, install, noteName, turn, weakly } from "./collector.mjs";

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

const last = (list) => list?.[list.length - 1];
const text = (what) => (what instanceof Error ? `${what.name}: ${what.message}` : String(what));

// It may be passed, so that what stands before it is serialised; but its own turn is a failure.
const unserialisable = () => new ArrayBuffer(1).transferToImmutable();

// The reason why a request cannot be done.
class Refusal extends Error {}

const refuse = (why) => {
    throw new Refusal(why);
};

// One vat: an application, its end of the session, and the messages that are held back for it.
class Vat {
    held = new Map();
    own = new Map();
    promises = new Map();
    tasks = new Map();
    inbox = [];
    heap = new Heap();
    witnesses = new Map();
    exports = new Set();
    ended = false;

    constructor(name, peer, emit) {
        this.name = name;
        this.peer = peer;
        this.emit = emit;
        this.firstObject = peer.Far(`first${name}`, this.methods(`first${name}`));
    }

    // What every object of this vat can do. None of it refers to the object.
    methods(name) {
        return {
            whoami: () => name,
            poke: () => {},
            take: (names, refs) => this.receive(names, refs),
            ask: (question, names, refs) => {
                this.receive(names, refs);
                this.emit({ event: "asked", vat: this.name, question });
                return new Promise((resolve) => this.tasks.set(question, resolve));
            },
        };
    }

    join(other) {
        const rawSend = (message) => {
            const raw = JSON.stringify(message);
            other.inbox.push(raw);
            this.emit({ event: "sent", from: this.name, raw: JSON.parse(raw) });
            // An end says that it is over once, whoever began.
            if (message.type === "CTP_DISCONNECT" && !this.ended) {
                this.ended = true;
                const why = message.reason === undefined ? "disconnected" : text(message.reason);
                this.emit({ event: "ended", vat: this.name, text: why });
            }
        };
        const options = {
            gcImports: true,
            onReject: (error) => this.complain(error),
            exportHook: (_value, slot) => this.exports.add(slot),
        };
        const make = () =>
            this.peer.makeCapTP(`Vat${this.name}`, rawSend, this.firstObject, options);
        this.end = this.heap.owning(make);
    }

    complain(error) {
        this.emit({ event: "error", vat: this.name, text: text(error) });
    }

    receive(names, refs) {
        names.forEach((name, at) => {
            this.hold(name, refs[at]);
            this.emit({ event: "holds", vat: this.name, name });
        });
    }

    hold(name, value) {
        noteName(value, name);
        const values = this.held.get(name) ?? [];
        this.held.set(name, [...values.filter((other) => other !== value), value]);
        if (value instanceof Promise) this.watch(name, value);
    }

    // The promise is not referred to by what waits for it.
    watch(name, promise) {
        const broken = () => {
            if (this.held.has(name)) this.emit({ event: "broken", vat: this.name, name });
        };
        promise.then(undefined, broken);
    }

    one(name) {
        return last(this.held.get(name)) ?? refuse(`Vat${this.name} holds no ${name}`);
    }

    object(name) {
        if (!this.own.has(name)) {
            const object = this.peer.Far(name, this.methods(name));
            this.own.set(name, object);
            this.witnesses.set(name, weakly(object));
        }
        return this.own.get(name);
    }

    promise(name) {
        if (!this.promises.has(name)) {
            const made = {};
            made.promise = new Promise((resolve) => {
                made.resolve = resolve;
            });
            this.promises.set(name, made);
        }
        return this.promises.get(name);
    }

    value({ own, promise, held }) {
        if (own !== undefined) return this.object(own);
        if (promise !== undefined) return this.promise(promise).promise;
        return this.one(held);
    }

    // References as a message carries them: their names as data, and they themselves.
    cargo(refs = []) {
        const names = refs.map(({ own, promise, held }) => own ?? promise ?? held);
        return [names, refs.map((ref) => this.value(ref))];
    }

    read(raw) {
        const { DROPPED } = this.end.getStats().gc;
        this.end.dispatch(raw);
        // The last mention of an export is gone: captp counts these.
        if (this.end.getStats().gc.DROPPED > DROPPED) {
            this.exports.delete(`${raw.slotID[0]}+${raw.slotID.slice(2)}`);
        }
    }

    tables() {
        const exports = this.exports.size;
        const [imports, questions] = ["op", "q"].map((letters) => this.heap.count(letters));
        return { event: "tables", vat: this.name, exports, imports, questions };
    }

    // The question came back, and its promise is let go, unless it was let go before.
    answered(question, name, value, error) {
        if (!this.held.delete(question)) return;
        const event = { event: "answered", vat: this.name, question };
        this.emit(error === undefined ? event : { ...event, error: text(error) });
        if (error === undefined && name !== undefined) this.receive([name], [value]);
    }

    letGo() {
        for (const kept of [this.held, this.own, this.promises, this.tasks]) kept.clear();
    }

    // An application lets go of a session that is over, and of what it knows by it.
    leave() {
        if (!this.ended) return;
        this.first = undefined;
        this.heap = new Heap();
        this.end = { dispatch() {}, abort() {}, getStats: () => ({ gc: { DROPPED: 0 } }) };
    }

    alive() {
        const exists = ([name, ref]) => !this.own.has(name) && ref.deref() !== undefined;
        return [...this.witnesses].filter(exists).map(([name]) => name);
    }
}

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
        made.resolved = true;
        made.resolve(vat.cargo(refs)[1][0]);
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
