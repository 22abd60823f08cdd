// Two vats of capnweb, joined by a wire that is held back. Every request of the adapter protocol
// that capnweb can do is a method here; what comes of it is reported as events. Depends on capnweb
// alone, so that it can be copied into a script for people who have nothing else.
import { RpcSession, RpcTarget } from "capnweb";
import v8 from "node:v8";
import vm from "node:vm";

/** A request that cannot be done as things are. The schedule goes on without it. */
export class NotDone extends Error {}

const other = (vat) => (vat === "A" ? "B" : "A");
const textOf = (error) => String(error?.message ?? error);

/** Runs everything that is due, up to the next message that is held back. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** One end of the wire, as capnweb sees it. */
class HeldWire {
  /** What the peer has sent and this end has not read, oldest first. */
  inbox = [];
  #reader;
  #closedByPeer;
  #closed = false;

  constructor(onSend, onAbort) {
    this.onSend = onSend;
    this.onAbort = onAbort;
  }

  /** capnweb: puts a message on the wire. */
  send(text) {
    if (this.#closed || this.#closedByPeer) return;
    this.onSend(text);
  }

  /** capnweb: wants the next message. */
  receive() {
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#noticeClosing();
    });
  }

  /** capnweb: this end is done. */
  abort(reason) {
    this.#closed = true;
    this.onAbort(reason);
  }

  /** This end reads `text`; one that is done takes no notice. */
  read(text) {
    const reader = this.#reader;
    this.#reader = undefined;
    if (!this.#closed) reader?.resolve(text);
  }

  /** The peer is done: this end notices when it has read everything that was sent before. */
  closeByPeer(reason) {
    this.#closedByPeer = reason;
    this.#noticeClosing();
  }

  #noticeClosing() {
    if (!this.#closedByPeer || this.inbox.length > 0 || this.#closed) return;
    this.#reader?.reject(new Error(`the peer has closed the connection: ${this.#closedByPeer}`));
    this.#reader = undefined;
  }
}

/** An object of a vat's own. It knows its name, and its vat's application. */
class Thing extends RpcTarget {
  #name;
  #vat;

  constructor(name, vat) {
    super();
    this.#name = name;
    this.#vat = vat;
  }

  touch() {}

  tellName() {
    return this.#name;
  }

  ask(question, names, ...stubs) {
    return this.#vat.openTask(question, names, stubs);
  }

  // With a disposer, capnweb counts the references to it.
  [Symbol.dispose]() {}
}

/** A vat's first object. */
class FirstObject extends RpcTarget {
  #vat;

  constructor(vat) {
    super();
    this.#vat = vat;
  }

  take(names, ...stubs) {
    this.#vat.holdArguments(names, stubs);
  }
}

/** One vat: its session, and its application. */
class Vat {
  /** Name to own object, until the application forgets. */
  own = new Map();
  /** Name to stubs, in the order in which they came. */
  held = new Map();
  /** Name to the promise of a result. */
  questions = new Map();
  /** Name to what answers it. */
  tasks = new Map();
  /** Own objects that were ever made: names and weak references. */
  made = [];
  ended = false;

  constructor(id, emit) {
    this.id = id;
    this.emit = emit;
  }

  open(wire) {
    this.wire = wire;
    this.session = new RpcSession(wire, new FirstObject(this));
    this.root = this.session.getRemoteMain();
  }

  ownObject(name) {
    let thing = this.own.get(name);
    if (!thing) {
      thing = new Thing(name, this);
      this.own.set(name, thing);
      this.made.push({ name, ref: new WeakRef(thing) });
    }
    return thing;
  }

  /** What the application calls when it says `name`. */
  target(name) {
    const stub = this.held.get(name)?.at(-1);
    if (stub) return stub;
    const question = this.questions.get(name);
    if (question) return question.ref;
    throw new NotDone(`Vat${this.id} holds no ${name}`);
  }

  /** References as arguments: capnweb duplicates what it needs of them. */
  reference(ref) {
    if ("own" in ref) return { name: ref.own, value: this.ownObject(ref.own) };
    if ("held" in ref) return { name: ref.held, value: this.target(ref.held) };
    throw new NotDone("promises of one's own are not driven");
  }

  references(refs) {
    const found = refs.map((ref) => this.reference(ref));
    return [found.map(({ name }) => name), ...found.map(({ value }) => value)];
  }

  hold(name, stub) {
    if (!this.held.has(name)) this.held.set(name, []);
    this.held.get(name).push(stub);
    this.emit({ event: "holds", vat: this.id, name });
    // The session keeps the callback, so it must lead to nothing that is watched.
    const weak = new WeakRef(stub);
    stub.onRpcBroken(() => {
      const stubs = this.held.get(name) ?? [];
      if (stubs.includes(weak.deref())) {
        this.emit({ event: "broken", vat: this.id, name });
      }
    });
  }

  /** Arguments are the caller's, and gone when the call returns: what is kept is a duplicate. */
  holdArguments(names, stubs) {
    names.forEach((name, i) => this.hold(name, stubs[i].dup()));
  }

  openTask(question, names, stubs) {
    const result = new Promise((resolve) => this.tasks.set(question, resolve));
    this.emit({ event: "asked", vat: this.id, question });
    this.holdArguments(names, stubs);
    return result;
  }

  dropOne(name) {
    const stubs = this.held.get(name) ?? [];
    if (stubs.length < 2) throw new NotDone(`Vat${this.id} holds no copies of ${name}`);
    stubs.pop()[Symbol.dispose]();
  }

  drop(name) {
    const stubs = this.held.get(name);
    const question = this.questions.get(name);
    if (!stubs && !question) throw new NotDone(`Vat${this.id} holds no ${name}`);
    this.held.delete(name);
    this.questions.delete(name);
    for (const stub of stubs ?? []) stub[Symbol.dispose]();
    question?.[Symbol.dispose]();
  }
}

/** Both vats and the wire between them. `emit` gets every event, in order. */
export class Pair {
  #emit;
  #events = 0;
  #vats = {};
  #acting = "A";
  #pair = 0;

  /** What the adapter can do beside the requests that every adapter can. */
  static can = [
    "call", "ask", "drop-one", "fail-send", "hostile", "cut", "tables", "witness", "memory",
  ];

  constructor(emit) {
    this.#emit = emit;
  }

  /**
   * Does one request, and comes back when both vats have settled. `undefined` if it was done, or
   * why it was not.
   */
  async obey(request) {
    const verb = Pair.#verbs[request.do];
    if (!verb) return `no such request: ${request.do}`;
    if (request.do !== "open" && !this.#vats.A) return "nothing is open";
    let why;
    try {
      await verb(this, request);
    } catch (error) {
      if (!(error instanceof NotDone)) this.#complain(error);
      why = textOf(error);
    }
    await this.#settle();
    return why;
  }

  /** An exception that nobody caught. There is no telling whose: the vat that acted last. */
  unhandled(error) {
    this.#complain(error);
  }

  /**
   * capnweb has no timers, so one turn of the event loop runs everything that is due. Another one
   * follows whenever something was heard in the last.
   */
  async #settle() {
    let heard;
    do {
      heard = this.#events;
      await turn();
    } while (this.#events !== heard);
  }

  #report(event) {
    this.#events += 1;
    this.#emit(event);
  }

  #complain(error) {
    this.#report({ event: "error", vat: this.#acting, text: textOf(error) });
  }

  #vat(id) {
    const vat = this.#vats[id];
    if (!vat) throw new NotDone(`there is no Vat${id}`);
    this.#acting = id;
    return vat;
  }

  #open() {
    // What an old pair still says is not heard.
    const pair = ++this.#pair;
    for (const vat of Object.values(this.#vats)) vat.root[Symbol.dispose]();
    const report = (event) => pair === this.#pair && this.#report(event);
    const vats = { A: new Vat("A", report), B: new Vat("B", report) };
    this.#vats = vats;
    const wire = (from) => new HeldWire(
      (text) => {
        vats[other(from)].wire.inbox.push(text);
        report({ event: "sent", from, raw: JSON.parse(text) });
      },
      (reason) => {
        vats[from].ended = true;
        report({ event: "ended", vat: from, text: textOf(reason) });
        vats[other(from)].wire.closeByPeer(textOf(reason));
      },
    );
    const wires = { A: wire("A"), B: wire("B") };
    for (const id of ["A", "B"]) vats[id].open(wires[id]);
  }

  #inSession(id) {
    const vat = this.#vat(id);
    if (vat.ended) throw new NotDone(`the session is over for Vat${id}`);
    return vat;
  }

  #send({ vat: id, refs }) {
    const vat = this.#inSession(id);
    const result = vat.root.take(...vat.references(refs));
    result[Symbol.dispose]();
  }

  #failSend({ vat: id, refs }) {
    const vat = this.#inSession(id);
    const references = vat.references(refs);
    let result;
    try {
      // An instance of a class that capnweb does not know.
      result = vat.root.take(...references, new WeakMap());
    } catch {
      return;
    }
    result[Symbol.dispose]();
    throw new Error("a message left that cannot be serialised");
  }

  #call({ vat: id, target }) {
    const result = this.#vat(id).target(target).touch();
    result[Symbol.dispose]();
  }

  #ask({ vat: id, target, refs, question }) {
    const vat = this.#vat(id);
    const promise = vat.target(target).ask(question, ...vat.references(refs ?? []));
    vat.questions.set(question, promise);
    const isAsked = () => vat.questions.get(question) === promise;
    promise.then(
      (result) => {
        if (isAsked()) {
          vat.questions.delete(question);
          vat.emit({ event: "answered", vat: id, question });
          if (result.ref) vat.hold(result.name, result.ref.dup());
        }
        result[Symbol.dispose]();
        promise[Symbol.dispose]();
      },
      (error) => {
        if (!isAsked()) return;
        vat.questions.delete(question);
        vat.emit({ event: "answered", vat: id, question, error: textOf(error) });
      },
    );
  }

  #return({ vat: id, question, refs }) {
    const vat = this.#vat(id);
    const resolve = vat.tasks.get(question);
    if (!resolve) throw new NotDone(`Vat${id} has no task ${question}`);
    const [ref] = refs ?? [];
    let result = {};
    if (ref) {
      const { name, value } = vat.reference(ref);
      // A result is handed over: what is kept needs a duplicate.
      result = { name, ref: "held" in ref ? value.dup() : value };
    }
    vat.tasks.delete(question);
    resolve(result);
  }

  #drop({ vat: id, name }) {
    this.#vat(id).drop(name);
  }

  #dropOne({ vat: id, name }) {
    this.#vat(id).dropOne(name);
  }

  #deliver({ to }) {
    const { wire } = this.#vat(to);
    if (wire.inbox.length === 0) throw new NotDone(`nothing is held back for Vat${to}`);
    const text = wire.inbox.shift();
    this.#report({ event: "delivered", to });
    wire.read(text);
  }

  #hostile({ to, raw }) {
    const vat = this.#inSession(to);
    vat.wire.read(typeof raw === "string" ? raw : JSON.stringify(raw));
  }

  #probe({ vat: id, name, probe }) {
    const vat = this.#vat(id);
    const promise = vat.target(name).tellName();
    promise.then(
      (says) => {
        vat.emit({ event: "answer", vat: id, probe, says });
        promise[Symbol.dispose]();
      },
      (error) => vat.emit({ event: "answer", vat: id, probe, error: textOf(error) }),
    );
  }

  #cut({ vat: id }) {
    const vat = this.#inSession(id);
    vat.root[Symbol.dispose]();
  }

  #forget() {
    for (const vat of Object.values(this.#vats)) {
      for (const name of [...vat.held.keys(), ...vat.questions.keys()]) vat.drop(name);
      vat.own.clear();
    }
  }

  #tables() {
    for (const vat of Object.values(this.#vats)) {
      this.#report({ event: "tables", vat: vat.id, ...vat.session.getStats() });
    }
  }

  async #witness() {
    await collectGarbage();
    for (const vat of Object.values(this.#vats)) {
      const alive = vat.made
        .map(({ name, ref }) => ({ name, thing: ref.deref() }))
        .filter(({ name, thing }) => thing && vat.own.get(name) !== thing)
        .map(({ name }) => name);
      this.#report({ event: "witness", vat: vat.id, alive });
    }
  }

  async #memory() {
    await collectGarbage();
    this.#report({ event: "memory", bytes: process.memoryUsage().heapUsed });
  }

  static #verbs = {
    open: (pair, request) => pair.#open(request),
    send: (pair, request) => pair.#send(request),
    call: (pair, request) => pair.#call(request),
    ask: (pair, request) => pair.#ask(request),
    return: (pair, request) => pair.#return(request),
    "fail-send": (pair, request) => pair.#failSend(request),
    drop: (pair, request) => pair.#drop(request),
    "drop-one": (pair, request) => pair.#dropOne(request),
    deliver: (pair, request) => pair.#deliver(request),
    probe: (pair, request) => pair.#probe(request),
    hostile: (pair, request) => pair.#hostile(request),
    cut: (pair, request) => pair.#cut(request),
    forget: (pair, request) => pair.#forget(request),
    tables: (pair, request) => pair.#tables(request),
    witness: (pair, request) => pair.#witness(request),
    memory: (pair, request) => pair.#memory(request),
  };
}

let gc;

/** A real collection. What the running job has looked at lives until it ends, hence the turns. */
async function collectGarbage() {
  if (!gc) {
    v8.setFlagsFromString("--expose-gc");
    gc = vm.runInNewContext("gc");
  }
  for (let round = 0; round < 3; round += 1) {
    await turn();
    gc();
  }
}
