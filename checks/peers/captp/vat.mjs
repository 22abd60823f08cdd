// One vat, which is joined to another by @endo/captp.

import { Heap, noteName, weakly } from "./collector.mjs";

const last = (list) => list?.[list.length - 1];

/** What was thrown, in words. */
export const text = (what) =>
    what instanceof Error ? `${what.name}: ${what.message}` : String(what);

/** Why a promise is broken by its own vat. It comes back from every call of the promise. */
export const ON_PURPOSE = "broken on purpose";

/** The reason why a request cannot be done. */
export class Refusal extends Error {}

/** Throws it. */
export const refuse = (why) => {
    throw new Refusal(why);
};

/** An application, its end of the session, and the messages that are held back for it. */
export class Vat {
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
            onReject: (error) => text(error).includes(ON_PURPOSE) || this.complain(error),
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
        if (value instanceof Promise && !values.includes(value)) this.watch(name, value);
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
            made.promise = new Promise((resolve, reject) => {
                made.resolve = resolve;
                made.reject = reject;
            });
            // It may be broken before anybody waits for it.
            made.promise.catch(() => {});
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
