// A garbage collector that is told what to do: it stands in for WeakRef and FinalizationRegistry.
//
// @endo/captp reads both from the global object when it is loaded, so `install` comes before that.
//
// The stand-in decides when a weak reference is cleared and when each finaliser runs. Whether a
// reference may be cleared it does not decide: it lets go of the target, and V8's collector says
// whether anything else holds it. So no schedule can clear what is still in use.

import v8 from "node:v8";
import vm from "node:vm";

const V8 = { WeakRef: globalThis.WeakRef, FinalizationRegistry: globalThis.FinalizationRegistry };

/** One turn of the event loop. All promise jobs run to the end before it is over. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

v8.setFlagsFromString("--expose-gc");
// A whole collection throws optimised code away again: making it costs more than it saves here.
v8.setFlagsFromString("--no-opt");
const gc = globalThis.gc ?? vm.runInNewContext("gc");

/** A whole collection. The turn before it ends the job that may have read a weak reference. */
export const collectGarbage = async () => {
    await turn();
    gc();
};

/** V8's own weak reference. */
export const weakly = (target) => new V8.WeakRef(target);

// What is known of one target of weak references. `target` is what keeps it until it is collected.
class Entry {
    names = new Set();
    target = undefined;
    cleared = false;
    fulfilled = undefined;

    constructor(target) {
        this.weak = weakly(target);
        if (!(target instanceof Promise)) return;
        const note = (value) => {
            if (Object(value) === value) this.fulfilled = weakly(value);
        };
        target.then(note, () => {});
    }

    deref() {
        return this.target ?? (this.cleared ? undefined : this.weak.deref());
    }

    /** Keeps the target again, if it is still there. */
    restore() {
        this.target = this.weak.deref();
        return this.target !== undefined;
    }

    /** Whether it is a promise of the other's target. */
    promises(other) {
        const value = this.fulfilled?.deref();
        return value !== undefined && value === other.deref();
    }
}

const entries = new WeakMap();

const entryOf = (target) => {
    if (!entries.has(target)) entries.set(target, new Entry(target));
    return entries.get(target);
};

/** Notes that the application got this value under this name. */
export const noteName = (value, as) => {
    if (Object(value) === value) entries.get(value)?.names.add(as);
};

// Whose registry is being made.
let owner;

/** The part of the collector that belongs to one vat. */
export class Heap {
    /** Registered and not yet finalised: token → { entry, key, token, run }. */
    cells = new Map();
    /** Those of them whose finaliser is owed, oldest first. */
    owed = [];
    /** The name for what is registered now: the question that a call asks. */
    naming = undefined;

    /** Everything that `make` makes at once belongs to this heap. */
    owning(make) {
        owner = this;
        try {
            return make();
        } finally {
            owner = undefined;
        }
    }

    note(token, key, run, target) {
        const entry = entryOf(target);
        if (this.naming !== undefined && key.startsWith("q")) entry.names.add(this.naming);
        this.cells.set(token, { entry, key, token, run });
    }

    forget(token) {
        const cell = this.cells.get(token);
        this.owed = this.owed.filter((owed) => owed !== cell);
        return this.cells.delete(token);
    }

    /** Owes a finaliser for what was cleared since. */
    owe() {
        const fresh = (cell) => cell.entry.cleared && !this.owed.includes(cell);
        this.owed.push(...[...this.cells.values()].filter(fresh));
    }

    /** How many are registered under keys that start with one of these letters. */
    count(letters) {
        return [...this.cells.values()].filter(({ key }) => letters.includes(key[0])).length;
    }

    /** What is registered and not cleared, and fits. */
    entries(fits) {
        const all = [...this.cells.values()].map(({ entry }) => entry);
        return all.filter((entry) => !entry.cleared && fits(entry));
    }

    /** The finaliser that is owed longest, or longest for this name. */
    take(as) {
        const fits = ({ entry }) => as === undefined || entry.names.has(as);
        const at = this.owed.findIndex(fits);
        return at < 0 ? undefined : this.owed.splice(at, 1)[0];
    }
}

class SteppedWeakRef {
    #entry;

    constructor(target) {
        this.#entry = entryOf(target);
        this.#entry.target = target;
    }

    deref() {
        return this.#entry.deref();
    }
}

class SteppedRegistry {
    #heap = owner;
    #run;

    constructor(run) {
        this.#run = run;
    }

    register(target, key, token) {
        this.#heap?.note(token, key, this.#run, target);
    }

    // As V8's does, this also withdraws a finaliser that is owed already.
    unregister(token) {
        return this.#heap?.forget(token) ?? false;
    }
}

// V8's own, with a list beside it of what is registered.
class WatchedRegistry extends V8.FinalizationRegistry {
    #heap = owner;

    constructor(run) {
        const heap = owner;
        super((key) => {
            const cell = [...(heap?.cells.values() ?? [])].find((other) => other.key === key);
            if (cell !== undefined) heap.owed.push(cell);
            run(key);
        });
    }

    register(target, key, token) {
        this.#heap?.note(token, key, undefined, target);
        super.register(target, key, token);
    }

    unregister(token) {
        this.#heap?.cells.delete(token);
        return super.unregister(token);
    }
}

// Weak references are cleared and finalisers run one at a time, when it is asked for.
const STEPPED = {
    WeakRef: SteppedWeakRef,
    FinalizationRegistry: SteppedRegistry,

    async collect(heaps, fits) {
        const wanted = heaps.flatMap((heap) => heap.entries(fits));
        if (wanted.length === 0) return false;
        // A promise that nobody else holds would hold what it is fulfilled with: it goes too.
        const promises = (entry) => wanted.some((other) => entry.promises(other));
        const tried = new Set([...wanted, ...heaps.flatMap((heap) => heap.entries(promises))]);
        for (const entry of tried) entry.target = undefined;
        await collectGarbage();
        for (const entry of tried) entry.cleared = !entry.restore();
        for (const heap of heaps) heap.owe();
        return wanted.some((entry) => entry.cleared);
    },

    async finalise(heap, as) {
        const cell = heap.take(as);
        if (cell === undefined) return false;
        heap.cells.delete(cell.token);
        cell.run(cell.key);
        return true;
    },
};

// V8 clears all that it can at once, and runs finalisers when it likes.
const REAL = {
    WeakRef: V8.WeakRef,
    FinalizationRegistry: WatchedRegistry,

    async collect(heaps, fits) {
        const wanted = heaps.flatMap((heap) => heap.entries(fits));
        await collectGarbage();
        return wanted.some((entry) => entry.deref() === undefined);
    },

    async finalise(heap, as) {
        for (let turns = 0; turns < 4; turns += 1) await turn();
        return heap.take(as) !== undefined;
    },
};

/** Puts the stand-in ("stepped") or V8's own ("real") where @endo/captp will look for them. */
export const install = (kind) => {
    const collector = kind === "real" ? REAL : STEPPED;
    globalThis.WeakRef = collector.WeakRef;
    globalThis.FinalizationRegistry = collector.FinalizationRegistry;
    return collector;
};
