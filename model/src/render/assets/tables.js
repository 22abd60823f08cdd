// The tables of the vats, the channels and the ledger of one state. Text is set, never parsed.
function put(parent, name, text, className) {
  const element = parent.appendChild(document.createElement(name));
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

// Place, what stands there, and its count if it has one: as the program itself names them.
function rowsOf(vat) {
  const many = vat.sessions.length > 1;
  const whom = (word, peer) => (many ? ` ${word} Vat${peer}` : "");
  const rows = [];
  for (const entry of vat.exports) {
    const what = entry.object === null ? "a proxy that is gone"
      : entry.by_proxy === null ? entry.object : `${entry.object}'s proxy`;
    rows.push([placeOfExport(entry) + whom("for", entry.peer), what, entry.count]);
  }
  for (const entry of vat.imports) {
    const proxy = entry.proxy;
    const state = proxy === null || proxy.held ? "" : proxy.waited ? ", waited for" : ", dropped";
    const what = proxy === null ? "no proxy" : `${proxy.object}'s proxy #${proxy.number}${state}`;
    rows.push([placeOfImport(entry) + whom("from", entry.peer), what, entry.count]);
  }
  for (const owed of vat.owed) {
    const old = owed.old ? " of an old session" : "";
    rows.push([`notification of ${placeOfImport(owed)}${whom("from", owed.peer)}`,
      `owed for ${owed.object}'s proxy #${owed.number}${old}`]);
  }
  for (const line of vat.business) rows.push([line, ""]);
  return rows;
}

function head(table, words) {
  const row = put(put(table, "thead"), "tr");
  for (const word of words) put(row, "th", word).scope = "col";
}

function showTables(parent, state, changes) {
  parent.replaceChildren();
  for (const vat of state.vats) {
    const table = put(parent, "table");
    table.dataset.vat = vat.vat;
    const caption = put(table, "caption", `Vat${vat.vat}`);
    const sessions = vat.sessions.map((session) => {
      const peer = vat.sessions.length > 1 ? ` with Vat${session.peer}` : "";
      return `session ${session.number}${peer}${session.open ? "" : ", closed"}`;
    });
    put(caption, "span", ` ${sessions.join("; ")}`);
    head(table, ["place", "what stands there", "count"]);
    const body = put(table, "tbody");
    const here = changes.filter((change) => change.vat === vat.vat);
    const rows = rowsOf(vat);
    for (const [place, what, count] of rows) {
      const change = here.find((change) => change.place === place);
      const row = put(body, "tr", undefined, change ? "changed" : "");
      put(row, "th", place).scope = "row";
      const cell = put(row, "td");
      put(cell, "span", what, "what");
      if (change) put(cell, "small", change.before ? `was ${change.before}` : "new");
      put(row, "td", count, "number");
    }
    for (const change of here.filter((change) => change.after === null)) {
      const row = put(body, "tr", undefined, "changed gone");
      put(row, "th", change.place).scope = "row";
      put(put(row, "td"), "small", `gone, was ${change.before || "so"}`);
      put(row, "td", undefined, "number");
    }
    if (!body.hasChildNodes()) put(put(body, "tr", undefined, "empty"), "td", "empty").colSpan = 3;
  }
}

function showChannels(list, state, step) {
  list.replaceChildren();
  const sent = new Set((step?.sent ?? []).map((message) => message.number));
  const taken = step?.read ?? step?.lost;
  const entry = (message, className, note) => {
    const item = put(list, "li", undefined, className);
    put(item, "span", `Vat${message.from} → Vat${message.to} `, "ends-of");
    put(item, "code", `#${message.number} ${message.text}`, message.role);
    if (note) put(item, "small", note);
  };
  if (taken) entry(taken, "changed gone", step.read ? "read in this step" : "lost in this step");
  for (const message of state.channels.flatMap((channel) => channel.messages)) {
    const fresh = sent.has(message.number);
    entry(message, fresh ? "changed" : "", fresh ? "sent in this step" : "");
  }
  if (!list.hasChildNodes()) put(list, "li", "nothing is in flight", "empty");
}

function showLedger(parent, state, subject) {
  parent.replaceChildren();
  if (state.ledger.length === 0 && !state.balance) {
    put(parent, "p", "Nothing is outstanding, or the vats are in different sessions.", "empty");
    return;
  }
  const table = put(parent, "table");
  head(table, ["", "export", "", "in flight", "", "imported", "", "coming back"]);
  const body = put(table, "tbody");
  const line = (exporter, importer, index, balance) => {
    const { export_count, mentions, import_count, deltas } = balance;
    const holds = export_count === mentions + import_count + deltas;
    const followed = subject && subject.table === "exports" && subject.exporter === exporter
      && subject.importer === importer && subject.index === index;
    const row = put(body, "tr", undefined, holds ? "" : "broken");
    const whom = state.vats.length > 2 ? ` for Vat${importer}` : "";
    const name = put(row, "th", `Vat${exporter}’s exports[${index}]${whom}`);
    name.scope = "row";
    if (followed) name.className = "followed";
    const cells = [export_count, holds ? "=" : "≠", mentions, "+", import_count, "+", deltas];
    for (const cell of cells) put(row, "td", cell, "number");
    return followed;
  };
  const followed = state.ledger.map((record) =>
    line(record.exporter, record.importer, record.index, record.balance));
  if (state.balance && subject?.table === "exports" && !followed.some(Boolean)) {
    line(subject.exporter, subject.importer, subject.index, state.balance);
  }
}
