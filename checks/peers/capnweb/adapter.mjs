// The adapter's shell: reads requests from standard input, writes events to standard output. With
// `--script` it writes a program that makes the same requests without it.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { Pair } from "./pair.mjs";

const versionOf = (name) => {
  const entry = new URL(import.meta.resolve(name));
  return JSON.parse(readFileSync(new URL("../package.json", entry), "utf8")).version;
};
const version = versionOf("capnweb");
const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });

async function obeyRequests() {
  const write = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
  const pair = new Pair(write);
  process.on("unhandledRejection", (error) => pair.unhandled(error));
  process.on("uncaughtException", (error) => pair.unhandled(error));
  // Whoever listened is gone: nobody is left to tell.
  process.stdout.on("error", () => process.exit(1));

  const can = [...Pair.can, "script"];
  write({ adapter: 1, peer: "capnweb", version, system: "capnweb", wire: "capnweb", can });
  for await (const line of lines) {
    const why = await pair.obey(JSON.parse(line));
    write(why === undefined ? { done: true } : { done: false, why });
  }
}

/** What runs the requests in a script, in place of the shell above. */
const SCRIPT_END = `
const unanswered = new Map();
const pair = new Pair((event) => {
  console.log("   ", JSON.stringify(event));
  if (event.event === "answer") unanswered.delete(event.probe);
});
process.on("unhandledRejection", (error) => pair.unhandled(error));
process.on("uncaughtException", (error) => pair.unhandled(error));
for (const request of requests) {
  console.log(JSON.stringify(request));
  if (request.do === "probe") unanswered.set(request.probe, request);
  const why = await pair.obey(request);
  if (why === undefined) continue;
  console.log("    not done:", why);
  if (request.do === "probe") unanswered.delete(request.probe);
}
for (const { vat, name, probe } of unanswered.values()) {
  console.log(\`NEVER ANSWERED: probe \${probe}, Vat\${vat} asking \${name} for its name\`);
}
if (unanswered.size === 0) console.log("every probe was answered");
`;

async function writeScript() {
  const requests = [];
  for await (const line of lines) {
    if (line.trim()) requests.push(`  ${JSON.stringify(JSON.parse(line))},\n`);
  }
  const source = readFileSync(new URL("./pair.mjs", import.meta.url), "utf8");
  process.stdout.write(`// Needs Node 20 or later, and:  npm install capnweb@${version}
// Run it as a file that ends in .mjs, beside node_modules:  node script.mjs
// It prints each request, the events that it led to, and at the end which probes had no answer.

${source.replaceAll(/^export /gm, "")}
// What is done, in order.
const requests = [
${requests.join("")}];
${SCRIPT_END}`);
}

await (process.argv.includes("--script") ? writeScript() : obeyRequests());
