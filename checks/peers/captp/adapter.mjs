// The adapter for @endo/captp: reads requests and writes events, one JSON object a line.

import { Console } from "node:console";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Pair, loadPeer } from "./pair.mjs";
import { standalone } from "./script.mjs";

const { values: options } = parseArgs({
    options: {
        collector: { type: "string", default: "stepped" },
        script: { type: "boolean", default: false },
    },
});
if (!["stepped", "real"].includes(options.collector)) {
    console.error("--collector is stepped or real");
    process.exit(2);
}

// @endo/marshal logs errors that it sends, to standard output, which is not for that.
globalThis.console = new Console(process.stderr, process.stderr);

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

// Made when it is read: what comes before that would be lost.
const lines = () => createInterface({ input: process.stdin });

const CAN = [
    ...["call", "ask", "resolve", "collect", "fail-send", "hostile", "cut"],
    ...["tables", "witness", "memory", "script"],
];

const parse = (line) => {
    try {
        return JSON.parse(line);
    } catch (error) {
        return { do: `${error.message}` };
    }
};

const obey = async () => {
    const peer = await loadPeer(options.collector);
    const { version } = peer;
    // V8's own collector clears all that it can at once, and then runs every finaliser.
    const can = options.collector === "real" ? [...CAN, "collects-all"] : CAN;
    const wire = "captp-json";
    say({ adapter: 1, peer: "@endo/captp", version, system: "endo-captp", wire, can });
    const pair = new Pair(peer, say);
    process.on("uncaughtException", (error) => pair.complain(error));
    process.on("unhandledRejection", (error) => pair.complain(error));
    for await (const line of lines()) if (line.trim() !== "") say(await pair.request(parse(line)));
};

const write = async () => {
    const requests = [];
    for await (const line of lines()) if (line.trim() !== "") requests.push(JSON.parse(line));
    process.stdout.write(standalone(requests, options.collector));
};

await (options.script ? write() : obey());
