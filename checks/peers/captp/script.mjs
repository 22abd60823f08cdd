// Writes a program that makes the same requests of @endo/captp and needs nothing of this suite.

import { readFileSync } from "node:fs";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");

// A module's text without what ties it to the other modules here.
const inlined = (name) =>
    read(name)
        .replace(/^import [^;]* from "\.\/[^"]*";\n/gm, "")
        .replace(/^export /gm, "")
        .trim();

const MODULES = ["collector.mjs", "vat.mjs", "pair.mjs"];

const packages = () =>
    Object.entries(JSON.parse(read("package.json")).dependencies)
        .map(([name, version]) => `${name}@${version}`)
        .join(" ");

const FIRST = `\
// To run: npm install ${packages()} && node repro.mjs
//
// Two vats in one process are joined by @endo/captp; every message between them is held back until
// it is delivered. The requests are at the end of this file; each is printed, with what it did.
// "collect" and "finalise" do what a garbage collector may do at that moment.
`;

const LAST = (requests, kind) => `\
const peer = await loadPeer(${JSON.stringify(kind)});
console.log("@endo/captp", peer.version, "on node", process.version);
const pair = new Pair(peer, (event) => console.log("   ", JSON.stringify(event)));
process.on("uncaughtException", (error) => pair.complain(error));
process.on("unhandledRejection", (error) => pair.complain(error));

const ask = async (request) => {
    console.log(JSON.stringify(request));
    const { done, why } = await pair.request(request);
    if (!done) console.log("    not done:", why);
};

${requests.map((request) => `await ask(${JSON.stringify(request)});`).join("\n")}

for (const [probe, whom] of pair.unanswered ?? []) {
    console.log(\`probe \${probe} of \${whom} was NEVER ANSWERED\`);
}
`;

/** The program that makes these requests, with this kind of collector. */
export const standalone = (requests, kind) =>
    [FIRST, ...MODULES.map(inlined), LAST(requests, kind)].join("\n\n");
