"use strict";
// Asks /status.json once a second and draws two minutes of it. Every sample keeps its time: where there was
// no answer for a while (the server was away, the page slept) the lines have a gap.

const kSpanMs = 120e3, kTurnMs = 1000, kAnswerMs = 1500, kGapMs = 6000, kEventsMax = 50, kColours = 8;
const kConnectionsMax = 20, kConnectionsMaxNarrow = 8;
const kUnits = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];  // a span has at least two of its unit
const kLeft = 46, kTop = 8, kBottom = 22, kKeysMax = 8;
const kTrouble = ["stopped", "late", "back-off"];

let samples = [];  // {at, rate, open: Map of owner to connections: a worker, or a thread of the gate}
let marks = [];    // {at, kind}
let latest = null; // {at, status}
let timer = 0;

const byId = (id) => document.getElementById(id);
const grouped = (n) => Math.round(n).toLocaleString("en");
const compact = (n) => n.toLocaleString("en", { notation: "compact" });
const narrow = matchMedia("(max-width: 52rem)");
const sum = (list, of) => list.reduce((total, one) => total + of(one), 0);
const colour = (owner) => `c${(owner - 1) % kColours}${owner > kColours ? " lap" : ""}`;
const owners = (status) => status.gate ?? status.workers;
const ownerOf = (line) => line.thread ?? line.worker;

function set(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function make(name, properties, ...inside) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...inside);
  return element;
}

// ---- the charts

function shape(name, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

// The first of 2, 4, 6, 8, 10, 20, 40 ... that is not below: its half is a whole number, too.
function niceTop(value) {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)));
  return 2 * unit * Math.max(1, Math.ceil(value / unit / 2));
}

// Runs of [x, y] without a gap in time. `of` gives the value of a sample, undefined where it has none.
function runs(of, x, y) {
  const all = [];
  let last = -Infinity;
  for (const sample of samples) {
    const value = of(sample);
    if (value === undefined) continue;
    if (sample.at - last > kGapMs) all.push([]);
    all.at(-1).push([x(sample.at).toFixed(1), y(value).toFixed(1)]);
    last = sample.at;
  }
  return all;
}

// A run of one point has a length of 0, which a round end of line makes a dot.
const lineOf = (run) => `M${run.join("L")}h0`;
const areaOf = (run, ground) => `M${run[0][0]} ${ground}L${run.join("L")}V${ground}Z`;

// `lines` are {of, colour, area}.
function draw(svg, now, max, lines) {
  const width = svg.clientWidth, ground = svg.clientHeight - kBottom, top = niceTop(max);
  const x = (at) => kLeft + (width - kLeft - 2) * (1 - (now - at) / kSpanMs);
  const y = (value) => kTop + (ground - kTop) * (1 - value / top);
  const parts = [];
  for (const value of [0, top / 2, top]) {
    parts.push(shape("line", { x1: kLeft, x2: width, y1: y(value), y2: y(value) }),
      shape("text", { x: kLeft - 8, y: y(value) + 4, "text-anchor": "end" }, compact(value)));
  }
  parts.push(shape("text", { x: kLeft, y: ground + 18 }, "2 minutes ago"),
    shape("text", { x: width, y: ground + 18, "text-anchor": "end" }, "now"));
  for (const { at, kind } of marks)
    parts.push(shape("line", { class: kind, x1: x(at), x2: x(at), y1: kTop, y2: ground }));
  for (const line of lines) {
    const found = runs(line.of, x, y);
    const add = (kind, of) => parts.push(shape("path", { class: kind, d: found.map(of).join("") }));
    if (line.area) add("area " + line.colour, (run) => areaOf(run, ground));
    add(line.colour, lineOf);
  }
  svg.replaceChildren(...parts);
}

function drawAll() {
  const now = performance.now();
  samples = samples.filter((sample) => now - sample.at < kSpanMs);
  marks = marks.filter((mark) => now - mark.at < kSpanMs);
  const workers = new Set(samples.flatMap((sample) => [...sample.open.keys()]));
  draw(byId("rates"), now, Math.max(1, ...samples.map((sample) => sample.rate)),
    [{ of: (sample) => sample.rate, colour: "c1", area: true }]);
  draw(byId("lines"), now, Math.max(1, ...samples.flatMap((sample) => [...sample.open.values()])),
    [...workers].map((worker) => ({ of: (sample) => sample.open.get(worker), colour: colour(worker) })));
}

// ---- the texts

function row(line) {
  return [String(line.worker), String(line.pid || "–"), line.state, String(line.generation || "–"),
    grouped(line.connections), grouped(line.requests), grouped(line.rate), grouped(line.memory_kib) + " KiB",
    grouped(line.restarts)];
}

function gateRow(line) {
  return [String(line.thread), String(line.pid || "–"), line.state, grouped(line.connections),
    grouped(line.workers), grouped(line.memory_kib) + " KiB", grouped(line.restarts)];
}

function span(seconds) {
  const [unit, size] = kUnits.find(([, size]) => seconds >= 2 * size) ?? ["s", 1];
  return `${grouped(Math.floor(seconds / size))} ${unit}`;
}

function connectionRow(line) {
  return [line.peer, line.kind, line.owner, span(line.age_s), span(line.idle_s), compact(line.requests),
    compact(line.bytes_in), compact(line.bytes_out), compact(line.queue)];
}

function tasksOf(tasks, workers) {
  const failed = tasks.failed + tasks.died + tasks.stopped + tasks.timed_out;
  const count = new Set(workers.map((line) => line.task_worker)).size;
  return `${count} task workers; ${grouped(tasks.queued)} waiting, ${grouped(tasks.running)} running, ` +
    `${grouped(tasks.done)} done, ${grouped(failed)} failed, ${grouped(tasks.retried)} run again`;
}

function newRow(body) {
  const names = [...body.parentNode.tHead.rows[0].cells].map((cell) => cell.textContent);
  const added = body.insertRow();
  added.setAttribute("role", "row");
  for (const name of names) {
    const cell = added.insertCell();
    cell.setAttribute("role", "cell");
    cell.dataset.name = name;
    cell.append(make("span"));
  }
}

// The rows of a table: `texts` makes those of a line.
function showTable(body, lines, texts) {
  while (body.rows.length > lines.length) body.deleteRow(-1);
  while (body.rows.length < lines.length) newRow(body);
  lines.forEach((line, i) => texts(line).forEach((text, at) => set(body.rows[i].cells[at].lastChild, text)));
}

// Of workers or threads: with the colour of their line where they own connections, and their state.
function showOwners(body, lines, texts, coloured) {
  showTable(body, lines, texts);
  lines.forEach((line, i) => {
    const cells = body.rows[i].cells;
    if (coloured && cells[0].childElementCount === 1) cells[0].prepend(make("i"));
    if (coloured) cells[0].firstChild.className = colour(ownerOf(line));
    cells[2].className = line.state;
  });
}

function showConnections(list) {
  if (!list) return;
  showTable(byId("connections"), list.connections ?? [], connectionRow);
  const more = list.left_off ? `${grouped(list.left_off)} more are not shown.` : "";
  set(byId("more"), list.refused ? "Only browsers on its own host are told." : more);
}

function showKey(workers) {
  const key = byId("key"), shown = workers.slice(0, kKeysMax);
  if (key.childElementCount === shown.length) return;
  const entry = (worker) => make("span", {}, make("i", { className: colour(worker) }), worker);
  key.replaceChildren(...shown.map(entry));
  if (workers.length > shown.length) key.append(" …");
}

function showLink(text) {
  set(byId("link"), text);
  document.querySelector("dl").classList.toggle("stale", text !== "Live.");
}

function show(status, rate, open) {
  showLink("Live.");
  set(byId("rate"), grouped(rate));
  set(byId("requests"), grouped(status.requests));
  set(byId("open"), grouped(sum([...open.values()], (count) => count)));
  set(byId("restarts"), grouped(sum([...slots(status, "worker").values()], (slot) => slot.restarts)));
  set(byId("facts"), `oklo ${status.version}, master ${status.pid}, generation ${status.generation}, ` +
    `up ${grouped(status.uptime_s)} s, on ${status.addresses.join(", ")}`);
  set(byId("tasks"), tasksOf(status.tasks, status.task_workers));
  showOwners(byId("workers"), status.workers, row, !status.gate);
  byId("gate-part").hidden = !status.gate;
  if (status.gate) showOwners(byId("gate"), status.gate, gateRow, true);
  showKey([...open.keys()]);
}

// ---- what happened

function note(kind, text) {
  marks.push({ at: performance.now(), kind });
  const list = byId("events");
  if (!list.querySelector("time")) list.replaceChildren();
  const time = new Date().toTimeString().slice(0, 8);
  list.prepend(make("li", { className: kind }, make("time", { dateTime: time }, time), text));
  if (list.childElementCount > kEventsMax) list.lastElementChild.remove();
}

// A line for each number of a "worker" or "task_worker": the one that is to stay, where an older one drains
// beside it.
function slots(status, kind) {
  const found = new Map();
  for (const line of status[kind + "s"])
    if (line.state !== "draining" || !found.has(line[kind])) found.set(line[kind], line);
  return found;
}

function noteSlot(name, old, now) {
  const deaths = now.restarts - old.restarts;
  if (deaths > 0) {
    const times = deaths > 1 ? ` ${deaths} times` : "";
    const place = now.pid ? `its place has pid ${now.pid}` : "its place is empty";
    note("died", `${name} died${times}; ${place}`);
  }
  if (now.state === old.state) return;
  if (now.state === "back-off") note("died", `${name} waits ${now.backoff_ms} ms for its next start`);
  else if (kTrouble.includes(now.state)) note("died", `${name} is ${now.state}`);
  else if (kTrouble.includes(old.state) && !deaths) note("other", `${name} goes on`);
}

function noteChanges(old, now) {
  if (old.pid !== now.pid) return note("other", `oklo was started anew: master ${now.pid}`);
  if (old.generation !== now.generation) note("other", `Generation ${now.generation} has taken over`);
  if (old.reloads_failed < now.reloads_failed) note("died", "A reload failed; the old workers stay");
  for (const [kind, name] of [["worker", "Worker"], ["task_worker", "Task worker"]]) {
    const before = slots(old, kind);
    for (const [number, slot] of slots(now, kind))
      if (before.has(number)) noteSlot(`${name} ${number}`, before.get(number), slot);
  }
}

// ---- the turn

function take(status, at) {
  const same = latest && latest.status.pid === status.pid;
  const rate = same ? (status.requests - latest.status.requests) * 1000 / (at - latest.at)
    : sum(status.workers, (line) => line.rate);
  const open = new Map();
  for (const line of owners(status))
    open.set(ownerOf(line), (open.get(ownerOf(line)) || 0) + line.connections);
  samples.push({ at, rate: Math.max(rate, 0), open });
  if (latest) noteChanges(latest.status, status);
  latest = { at, status };
  show(status, rate, open);
}

// What is there, or nothing. A worker that is stopped holds its connections, perhaps the one of this page:
// after a time without an answer the next question goes over another.
async function ask(path) {
  try {
    const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(kAnswerMs) });
    if (answer.status === 403) return { refused: true };
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

async function turn() {
  clearTimeout(timer);
  timer = 0;
  const start = performance.now();
  const status = await ask("/status.json"), now = performance.now();
  if (status) take(status, now);
  else if (now - (latest ? latest.at : 0) > kTurnMs * 2) showLink("No answer; trying again every second.");
  drawAll();
  const limit = narrow.matches ? kConnectionsMaxNarrow : kConnectionsMax;
  const wanted = `limit=${limit}&sort=${byId("sort").value}`;
  if (status) showConnections(await ask(`/connections.json?${wanted}`));
  timer = setTimeout(turn, Math.max(0, start + kTurnMs - performance.now()));
}

new ResizeObserver(drawAll).observe(byId("rates"));
document.addEventListener("visibilitychange", () => { if (timer && !document.hidden) turn(); });
byId("sort").addEventListener("change", () => { if (timer) turn(); });
turn();
