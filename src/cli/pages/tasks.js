"use strict";
// Shows the jobs as the server tells of them (server-sent events), and starts others. When the stream ends,
// because its worker died or was replaced, the browser asks for another by itself: it begins with all jobs.

const kShownMax = 32, kAnswerMs = 5000, kLookMs = 1000, kSilentMs = 3000;
const kTimes = ["", "", " for the second time", " for the third time"];
const kRefusals = { full: "The queue is full", stopping: "The server stops" };

let jobs = new Map(), max = 0, stream, heardAt = 0;

const byId = (id) => document.getElementById(id);
const grouped = (n) => n.toLocaleString("en");

function set(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function fill(name, text) {
  for (const place of document.getElementsByClassName(name)) place.textContent = text;
}

// ---- the jobs

function newItem(id) {
  const item = document.createElement("li");
  item.id = `job${id}`;
  for (const [name, kind] of [["b"], ["span", "state"], ["span", "percent"], ["progress"], ["p", "found"]])
    item.append(Object.assign(document.createElement(name), kind ? { className: kind } : {}));
  item.querySelector("b").textContent = `Job ${id}`;
  Object.assign(item.querySelector("progress"), { max: 100, ariaLabel: `Job ${id}` });
  return item;
}

function stateOf(job) {
  const time = kTimes[job.attempt];
  if (job.state === "runs") return `runs${time} in task worker ${job.worker}`;
  if (job.state === "failed") return `has failed${time && `, run${time}`}: ${job.why}`;
  return job.state === "done" ? `is done${time && `, run${time}`}` : "waits";
}

function foundOf(job) {
  if (!job.best) return job.state === "waits" ? "for a task worker that is free" : "";
  const [looked, best, steps] = [job.looked, job.best, job.steps].map(grouped);
  return `Of ${looked} numbers ${best} takes the most steps: ${steps}.`;
}

function show(job) {
  let item = byId(`job${job.id}`);
  if (!item) byId("jobs").prepend(item = newItem(job.id));
  item.className = job.state;
  set(item.querySelector(".state"), stateOf(job));
  set(item.querySelector(".percent"), `${job.percent} %`);
  set(item.querySelector(".found"), foundOf(job));
  item.querySelector("progress").value = job.percent;
}

function take(list) {
  for (const job of list) {
    jobs.set(job.id, job);
    show(job);
  }
  for (const id of [...jobs.keys()].sort((a, b) => a - b).slice(0, -kShownMax)) {
    jobs.delete(id);
    byId(`job${id}`).remove();
  }
  const underWay = [...jobs.values()].filter((job) => job.state === "waits" || job.state === "runs").length;
  if (underWay < max) set(byId("note"), "");
}

// ---- the stream

function begin(all) {
  jobs = new Map();
  max = all.max;
  byId("jobs").replaceChildren();
  take(all.jobs);
  set(byId("link"), "Live.");
  set(byId("facts"), `From worker ${all.worker} of ${all.workers}, generation ${all.generation}; ` +
    `${all.taskWorkers} task workers, and ${max} jobs may be under way.`);
}

function listen() {
  stream?.close();
  stream = new EventSource("/tasks/events");
  heardAt = performance.now();
  stream.addEventListener("all", (event) => hear(event, begin));
  stream.addEventListener("jobs", (event) => hear(event, take));
  stream.onerror = () => set(byId("link"), "Looking for a worker.");
}

function hear(event, what) {
  heardAt = performance.now();
  what(JSON.parse(event.data));
}

// A worker that is stopped keeps its streams and tells nothing; and after an answer that is no stream the
// browser asks no more.
function look() {
  if (performance.now() - heardAt > kSilentMs) listen();
}

// ---- starting one

async function start(event) {
  event.preventDefault();
  set(byId("note"), "");
  try {
    const options = { method: "POST", signal: AbortSignal.timeout(kAnswerMs) };
    const answer = await fetch(`/tasks/${byId("fate").value}/${byId("seconds").value}`, options);
    if (answer.status === 202) return;
    const { why } = await answer.json();
    set(byId("note"), `${kRefusals[why] || "It was refused"}: try again when a job has ended.`);
  } catch {
    set(byId("note"), "No answer; try again.");
  }
}

async function nameMaster() {
  const answer = await fetch("/status.json", { cache: "no-store" });
  const status = await answer.json();
  fill("parent", ` -P ${(status.manager?.[0] ?? status).pid}`);
}

fill("origin", location.origin);
byId("start").addEventListener("submit", start);
nameMaster().catch(() => {});
setInterval(look, kLookMs);
listen();
