// The other end: @endo/captp on newline-JSON, as `node --expose-gc` runs it.
// Its first object keeps what it is given and lends out an object of its own, Bob.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const installed = createRequire(join(process.argv[1], 'from-here.js'));
const load = async name => {
  try {
    return await import(pathToFileURL(installed.resolve(name)).href);
  } catch (error) {
    console.error(`${name}: ${error.message.split('\n')[0]}`);
    process.exit(3);
  }
};
await load('ses/assert-shim.js');
await load('@endo/immutable-arraybuffer/shim.js');
await load('@endo/eventual-send/shim.js');
const { makeCapTP, E } = await load('@endo/captp');
const { Far } = await load('@endo/marshal');

const kept = [];
let bob = Far('Bob', { name: () => 'Bob' });
const witness = new WeakRef(bob);
const turn = () => new Promise(resolve => setTimeout(resolve, 5));

const keeper = Far('keeper', {
  keep: object => void kept.push(object),
  bringHome: async taker => E(taker).take(kept[0]),
  lend: async (taker, times) => {
    for (let time = 0; time < times; time += 1) await E(taker).take(bob);
  },
  forget: () => {
    kept.length = 0;
    bob = undefined;
  },
  // Collects what can be, lets finalisers run, and says whether Bob is still there.
  collect: async () => {
    for (let round = 0; round < 3; round += 1) {
      await turn();
      globalThis.gc();
      await turn();
    }
    return witness.deref() !== undefined;
  },
});

const send = message => process.stdout.write(`${JSON.stringify(message)}\n`);
const { dispatch } = makeCapTP('peer', send, keeper, { gcImports: true });
const lines = createInterface({ input: process.stdin });
lines.on('line', line => dispatch(JSON.parse(line)));
lines.on('close', () => process.exit(0));
