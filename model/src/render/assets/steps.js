// Stepping: the hash is the step, so that a step can be linked to.
(() => {
  const trace = JSON.parse(document.getElementById("trace").textContent);
  const last = trace.steps.length;
  const element = (id) => document.getElementById(id);
  const stateAt = (number) => (number === 0 ? trace.initial : trace.steps[number - 1].after);
  const stepInHash = () => {
    const named = /^#step-(\d+)$/.exec(location.hash);
    return named ? Math.min(Number(named[1]), last) : last;
  };
  let current = stepInHash();

  function show() {
    const step = current === 0 ? undefined : trace.steps[current - 1];
    const state = stateAt(current);
    element("position").textContent = `Step ${current} of ${last}`;
    const violated = current === last ? ` ${trace.property} is violated: ${trace.finding}.` : "";
    element("sentence").textContent =
      (step ? `${step.text}.` : "Before the first step.") + violated;
    element("sentence").classList.toggle("violated", current === last);
    drawGraph(element("graph"), state, stateAt(Math.max(current - 1, 0)));
    showTables(element("tables"), state, step ? step.changed : []);
    showChannels(element("channels"), state, step);
    showLedger(element("ledger"), state, trace.subject);
    mark();
  }

  // In the chart: the current row, and what is still to come.
  function mark() {
    for (const band of document.querySelectorAll(".msc [data-step]")) {
      const number = Number(band.dataset.step);
      band.classList.toggle("current", number === current);
      band.classList.toggle("future", number > current);
      if (band.localName !== "a") continue;
      if (number === current) band.setAttribute("aria-current", "step");
      else band.removeAttribute("aria-current");
    }
    for (const flight of document.querySelectorAll(".msc [data-sent]")) {
      flight.classList.toggle("future", Number(flight.dataset.sent) > current);
    }
    for (const button of document.querySelectorAll("button[data-go]")) {
      const back = button.dataset.go === "first" || button.dataset.go === "previous";
      // Not `disabled`: that would take the focus away from who steps with it.
      button.setAttribute("aria-disabled", String(back ? current === 0 : current === last));
    }
  }

  function go(number) {
    const wanted = Math.max(0, Math.min(number, last));
    if (wanted === current) return;
    current = wanted;
    history.replaceState(null, "", `#step-${current}`);
    show();
    keepInView();
  }

  function keepInView() {
    const row = element(`step-${current}`);
    const bar = document.querySelector(".stepper").getBoundingClientRect().bottom;
    if (!row) return;
    const { top, bottom } = row.getBoundingClientRect();
    if (top < bar) scrollBy(0, top - bar - 12);
    else if (bottom > innerHeight && innerWidth > 1000) scrollBy(0, bottom - innerHeight + 12);
  }

  const moves = {
    first: () => go(0), previous: () => go(current - 1),
    next: () => go(current + 1), last: () => go(last),
  };
  const keys = {
    j: "next", ArrowRight: "next", k: "previous", ArrowLeft: "previous", Home: "first", End: "last",
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    moves[keys[event.key]]();
  });
  for (const button of document.querySelectorAll("button[data-go]")) {
    button.addEventListener("click", () => moves[button.dataset.go]());
  }
  for (const link of document.querySelectorAll(".msc a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      go(Number(link.dataset.step));
    });
  }
  addEventListener("hashchange", () => {
    current = stepInHash();
    show();
  });
  show();
})();
