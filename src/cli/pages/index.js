"use strict";
// Writes the real address into the commands, and the master's pid, so that they find this oklo alone.

function fill(name, text) {
  for (const place of document.getElementsByClassName(name)) place.textContent = text;
}

// The addresses are those of HTTP, TCP and UDP; "all addresses" is found by the name that the page has.
function netcat(command, address) {
  if (!address) return `# no ${command}: --echo is off`;
  const colon = address.lastIndexOf(":"), host = address.slice(0, colon).replace(/[[\]]/g, "");
  const own = location.hostname.replace(/[[\]]/g, "");
  return `${command} ${["::", "0.0.0.0"].includes(host) ? own : host} ${address.slice(colon + 1)}`;
}

async function ask() {
  const answer = await fetch("/status.json", { cache: "no-store" });
  const status = await answer.json();
  const count = new Set(status.workers.map((worker) => worker.worker)).size;
  fill("parent", ` -P ${(status.manager?.[0] ?? status).pid}`);
  fill("tcp", netcat("nc", status.addresses[1]));
  fill("udp", netcat("nc -u", status.addresses[2]));
  fill("facts", `oklo ${status.version}, master ${status.pid}, ${count} worker${count === 1 ? "" : "s"}`);
}

fill("origin", location.origin);
ask().catch(() => fill("facts", "oklo does not answer now."));
