// The reference graph of one state: vats as boxes, objects and proxies in them, counts at the ends
// of each reference, and the messages in flight. Drawn with createElementNS and textContent only.
"use strict";

const SVG = "http://www.w3.org/2000/svg";

function shape(parent, name, attributes, text) {
  const element = parent.appendChild(document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const placeOfExport = (at) => `${at.table}[${at.index}]`;
const placeOfImport = (at) =>
  `${at.table === "answers" ? "questions" : "imports"}[${at.index}]`;
const importKey = (peer, at) => `import ${peer} ${at.table} ${at.index}`;

// Every place of which one of the two vats has something: both ends together.
function references(state) {
  const found = new Map();
  const at = (exporter, importer, entry) => {
    const key = [exporter, importer, entry.table, entry.index].join(" ");
    const { table, index } = entry;
    if (!found.has(key)) found.set(key, { key, exporter, importer, table, index });
    return found.get(key);
  };
  for (const vat of state.vats) {
    for (const entry of vat.exports) at(vat.vat, entry.peer, entry).exported = entry;
    for (const entry of vat.imports) at(entry.peer, vat.vat, entry).imported = entry;
    for (const entry of vat.owed) at(entry.peer, vat.vat, entry).owed = entry;
  }
  const object = (r) => r.exported?.object ?? r.imported?.proxy?.object ?? r.owed?.object ?? "~";
  const order = (r) => [object(r), r.exported?.by_proxy ? 1 : 0, r.key].join(" ");
  return [...found.values()].sort((one, other) => (order(one) < order(other) ? -1 : 1));
}

// What stands in each vat, and in which rows.
function nodes(state, refs) {
  const found = new Map();
  const put = (vat, key, row, node) => {
    const full = `${vat} ${key}`;
    if (!found.has(full)) found.set(full, { vat, first: row, last: row, ...node });
    const known = found.get(full);
    known.first = Math.min(known.first, row);
    known.last = Math.max(known.last, row);
  };
  const importOf = (vat, peer, at, row) => {
    const entry = refs.find((r) => importKey(r.exporter, r) === importKey(peer, at)
      && r.importer === vat);
    const proxy = entry?.imported?.proxy;
    const note = proxy ? (proxy.held ? "held" : proxy.waited ? "waited for" : "dropped")
      : entry?.owed ? "notification due" : "";
    const text = proxy ? `${proxy.object}’s proxy #${proxy.number}` : "no proxy";
    const kind = proxy ? (proxy.held || proxy.waited ? "proxy" : "proxy dropped") : "none";
    put(vat, importKey(peer, at), row, { text, note, kind });
  };
  refs.forEach((ref, row) => {
    const entry = ref.exported;
    if (!entry) {
      put(ref.exporter, `free ${ref.key}`, row, { text: "no entry", note: "", kind: "none" });
    } else if (entry.by_proxy) {
      const vat = state.vats.find((vat) => vat.vat === ref.exporter);
      const through = vat.imports.find((i) => i.peer === entry.by_proxy
        && i.proxy?.object === entry.object);
      if (through) importOf(ref.exporter, through.peer, through, row);
      else put(ref.exporter, `gone ${ref.key}`, row,
        { text: `${entry.object ?? "a"} proxy`, note: "gone", kind: "none" });
    } else {
      put(ref.exporter, `object ${entry.object}`, row,
        { text: entry.object ?? "?", note: "", kind: "object" });
    }
    if (ref.imported || ref.owed) importOf(ref.importer, ref.exporter, ref, row);
  });
  return found;
}

function drawGraph(svg, state, before) {
  svg.replaceChildren();
  const count = state.vats.length;
  const [box, gap, high, top] = [count > 2 ? 150 : 172, count > 2 ? 98 : 172, 48, 38];
  const width = count * box + (count - 1) * gap + 4;
  const refs = references(state);
  const messages = state.channels.flatMap((channel) => channel.messages);
  const place = (vat) => state.vats.findIndex((other) => other.vat === vat);
  const left = (vat) => 2 + place(vat) * (box + gap);
  const edge = (vat, other) => left(vat) + (place(other) > place(vat) ? box : 0);
  const away = (vat, other) => (place(other) > place(vat) ? 1 : -1);
  const y = (row) => top + row * high + high / 2;
  const bottom = Math.max(top + refs.length * high + messages.length * 36 + 8, 110);
  svg.setAttribute("viewBox", `0 0 ${width} ${bottom + 4}`);
  const lines = shape(svg, "g", {});
  for (const vat of state.vats) {
    shape(svg, "rect", { class: "box", x: left(vat.vat), y: 2, width: box, height: bottom, rx: 8 });
    shape(svg, "text", { class: "name", x: left(vat.vat) + box / 2, y: 22 }, `Vat${vat.vat}`);
  }
  const earlier = new Map(references(before).map((ref) => [ref.key, ref]));
  const old = nodes(before, [...earlier.values()]);
  for (const [key, node] of nodes(state, refs)) {
    const was = old.get(key);
    const same = was && was.text === node.text && was.note === node.note;
    drawNode(svg, node, left(node.vat) + box / 2, y(node.first) - 15, box - 36,
      y(node.last) - y(node.first) + 30, same ? "" : " changed");
  }
  refs.forEach((ref, row) => {
    const was = earlier.get(ref.key);
    const from = edge(ref.importer, ref.exporter);
    const to = edge(ref.exporter, ref.importer);
    const dangling = ref.exported && (ref.imported || ref.owed) ? "" : " dangling";
    const [x1, y1, x2, y2] = [from, y(row), to, y(row)];
    shape(lines, "line", { class: `reference${dangling}`, x1, y1, x2, y2 });
    const end = (entry, x, side, name, dy, previous) => {
      if (!entry) return;
      const changed = previous?.count === entry.count ? "" : " changed";
      shape(svg, "circle", { class: `count${changed}`, cx: x, cy: y(row), r: 11 });
      shape(svg, "text", { class: "count", x, y: y(row) + 4 }, entry.count);
      const anchor = side > 0 ? "rightward" : "leftward";
      shape(svg, "text", { class: `place ${anchor}`, x: x + side * 14, y: y(row) + dy }, name);
    };
    end(ref.exported, to, away(ref.exporter, ref.importer), placeOfExport(ref), -7, was?.exported);
    end(ref.imported, from, away(ref.importer, ref.exporter), placeOfImport(ref), 15,
      was?.imported);
  });
  const known = new Set(before.channels.flatMap((c) => c.messages).map((m) => m.number));
  messages.forEach((message, row) => {
    const line = top + refs.length * high + row * 36 + 26;
    const side = away(message.from, message.to);
    const [from, to] = [edge(message.from, message.to), edge(message.to, message.from)];
    const fresh = known.has(message.number) ? "" : " changed";
    const group = shape(svg, "g", { class: `message ${message.role}${fresh}` });
    shape(group, "line", { x1: from, y1: line, x2: to - side * 9, y2: line });
    shape(group, "path", { d: `M${to} ${line}l${-side * 10} -5v10z` });
    shape(group, "text", { x: (from + to) / 2, y: line - 7 }, `#${message.number} ${message.text}`);
  });
  if (refs.length + messages.length === 0) {
    shape(svg, "text", { class: "nothing", x: width / 2, y: 70 }, "no references");
  }
}

function drawNode(svg, node, x, y, width, height, changed) {
  const group = shape(svg, "g", { class: `node ${node.kind}${changed}` });
  shape(group, "rect", { x: x - width / 2, y, width, height, rx: node.kind === "object" ? 15 : 4 });
  const middle = y + height / 2;
  shape(group, "text", { x, y: node.note ? middle - 1 : middle + 4 }, node.text);
  if (node.note) shape(group, "text", { class: "note", x, y: middle + 11 }, node.note);
}
