"use strict";
const kPoints = 120, kWidth = 720, kHeight = 180, kLeft = 48, kBottom = 22;
const rates = [], connections = new Map();
let before = null;
const byId = (id) => document.getElementById(id);
const grouped = (n) => Math.round(n).toLocaleString("en");

function niceTop(value) {
  let step = 1;
  while (step * 5 < value) step *= step.toString()[0] === "2" ? 2.5 : 2;
  return Math.max(step * Math.ceil(value / step), 1);
}
function line(points, top, colour) {
  const x = (i) => kLeft + (kWidth - kLeft) * (i + kPoints - points.length) / (kPoints - 1);
  const y = (v) => 8 + (kHeight - kBottom - 8) * (1 - v / top);
  const path = points.map((v, i) => (i ? "L" : "M") + x(i).toFixed(1) + " " + y(v).toFixed(1)).join("");
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`;
}
function axes(top) {
  let out = "";
  for (const part of [0, 0.5, 1]) {
    const y = 8 + (kHeight - kBottom - 8) * (1 - part);
    out += `<line x1="${kLeft}" x2="${kWidth}" y1="${y}" y2="${y}" stroke="var(--line)"/>` +
      `<text x="${kLeft - 8}" y="${y + 4}" text-anchor="end" font-size="12" fill="var(--soft)">${grouped(top * part)}</text>`;
  }
  return out + `<text x="${kLeft}" y="${kHeight - 4}" font-size="12" fill="var(--soft)">2 minutes ago</text>` +
    `<text x="${kWidth}" y="${kHeight - 4}" text-anchor="end" font-size="12" fill="var(--soft)">now</text>`;
}
function keep(list, value) {
  list.push(value);
  if (list.length > kPoints) list.shift();
}
function draw() {
  let top = niceTop(Math.max(...rates, 1));
  byId("rates").innerHTML = axes(top) + line(rates, top, "var(--hot)");
  const all = [...connections.values()];
  top = niceTop(Math.max(1, ...all.flat()));
  byId("lines").innerHTML = axes(top) + all.map((points, i) => line(points, top, `hsl(${190 + i * 47} 55% 50%)`)).join("");
}
function row(worker) {
  const cells = [worker.worker, worker.pid || "–", worker.state, worker.generation, grouped(worker.connections),
    grouped(worker.requests), grouped(worker.rate), grouped(worker.memory_kib) + " KiB", worker.restarts];
  return "<tr>" + cells.map((cell, i) => `<td${i === 2 ? ` class="${cell}"` : ""}>${cell}</td>`).join("") + "</tr>";
}
function show(status, now) {
  const rate = before ? (status.requests - before.requests) * 1000 / (now - before.at) : 0;
  before = { requests: status.requests, at: now };
  keep(rates, Math.max(rate, 0));
  const open = new Map();
  for (const w of status.workers) open.set(w.worker, (open.get(w.worker) || 0) + w.connections);
  for (const [worker, count] of open) {
    if (!connections.has(worker)) connections.set(worker, []);
    keep(connections.get(worker), count);
  }
  byId("rate").textContent = grouped(rate);
  byId("requests").textContent = grouped(status.requests);
  byId("connections").textContent = grouped([...open.values()].reduce((a, b) => a + b, 0));
  const restarts = new Map(status.workers.map((w) => [w.worker, w.restarts]));
  byId("restarts").textContent = grouped([...restarts.values()].reduce((a, b) => a + b, 0));
  byId("lead").textContent = `oklo ${status.version}, master ${status.pid}, up ${grouped(status.uptime_s)} s, ` +
    `generation ${status.generation}, on ${status.addresses.join(", ")}`;
  byId("workers").innerHTML = status.workers.map(row).join("");
  draw();
}
async function turn() {
  try {
    const answer = await fetch("/status.json", { cache: "no-store" });
    show(await answer.json(), performance.now());
  } catch (error) {
    byId("lead").textContent = "No answer from oklo; trying again.";
  }
  setTimeout(turn, 1000);
}
turn();
