"use strict";
// A chat over one WebSocket. A message that was not heard back is sent again with the same tag over the next
// connection, so a worker may die in between. What it gets is shown as text alone.

const kFirstWaitMs = 250, kLastWaitMs = 15e3, kAnswerMs = 6e3, kCheckMs = 20e3, kTurnMs = 1000;
const kMoveMs = 1500, kMovesMax = 4, kColours = 7, kTogetherMs = 180e3, kShownMax = 500, kTextBytes = 2000;
const kHung = 3000;  // what the server is told of a connection without an answer

const byId = (id) => document.getElementById(id);
const log = byId("log"), input = byId("text");
const token = tagOf(16);

let room = "", name = "";  // as they were chosen; the server may have found another name
let socket = null;         // the one that is inside
let coming = null;         // the one that will be
let hello = null;          // what the server said at the door
let failures = 0, moves = 0, moving = 0, waiting = 0, unread = 0;
let heardAt = 0, checkedAt = 0;
let last = 0;                 // the greatest id that was shown
let newest = 0;               // the newest generation of workers that was heard of
const mine = new Set();       // the ids of our connections
const people = new Map();     // id of a connection to {name, worker}
const shown = new Map();      // id of a message to its element
const unheard = new Map();    // tag of a message that is on its way to {text, element, notBefore}

function tagOf(bytes) {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function make(kind, properties, ...inside) {
  const element = Object.assign(document.createElement(kind), properties);
  element.append(...inside);
  return element;
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// ---- the connection

function connect() {
  clearTimeout(waiting);
  waiting = 0;
  if (!room || coming) return;
  const attempt = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/chat/ws`);
  coming = attempt;
  const tooLong = setTimeout(() => drop(attempt), kAnswerMs);
  attempt.onopen = () => attempt.send(["join", room, name, token].join("\n"));
  attempt.onmessage = (event) => {
    if (attempt !== socket && attempt !== coming) return;
    heardAt = performance.now();
    const message = JSON.parse(event.data);
    if (message.is === "hello") {
      clearTimeout(tooLong);
      enterWith(attempt);
    }
    handlers[message.is]?.(message);
  };
  attempt.onclose = () => {
    clearTimeout(tooLong);
    drop(attempt);
  };
}

// The new connection is inside before the old one goes.
function enterWith(attempt) {
  const old = socket;
  socket = attempt;
  coming = null;
  failures = 0;
  if (old) old.close(1000);
}

// It is lost, or too slow, or of no use any more. The next one may lead to a server that was started anew.
function drop(one) {
  if (one === coming) coming = null;
  else if (one === socket) socket = null, newest = 0;
  else return;
  one.close(kHung);
  if (room && !socket && !coming) retry();
  else if (socket) heard(newest);
}

function retry() {
  const wait = Math.min(kLastWaitMs, kFirstWaitMs * 2 ** failures++) * (0.5 + Math.random());
  waiting = setTimeout(connect, wait);
  // A short break is no news.
  if (wait > kTurnMs) showLink("lost", `no connection; again in ${Math.ceil(wait / 1000)} s`);
  else showLink("lost", "connecting again");
}

// At once, when there is reason to hope.
function hurry() {
  if (room && !socket && waiting) connect();
}

function send(...lines) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(lines.join("\n"));
}

// A worker that hangs, or a network that went away, says nothing: so ask now and then.
function check() {
  if (!socket) return;
  const now = performance.now();
  const late = [...unheard.values()].some((one) => now - one.sentAt > kAnswerMs);
  if (late || (checkedAt > heardAt && now - checkedAt > kAnswerMs)) return drop(socket);
  if (now - Math.max(heardAt, checkedAt) < kCheckMs) return;
  checkedAt = now;
  send("count");
}

// ---- what the server says

const handlers = {
  hello(message) {
    hello = message;
    mine.add(message.from);
    heard(message.generation);
    showPeople(message.people);
    set(byId("title"), message.room);
    showLink("live", `worker ${message.worker} of ${message.workers}`);
    const atEnd = isAtEnd();
    log.setAttribute("aria-busy", "true");
    message.said.forEach(said);
    log.removeAttribute("aria-busy");
    if (atEnd) toEnd();
    for (const tag of unheard.keys()) say(tag);
  },
  said(message) {
    const atEnd = isAtEnd();
    const isNew = said(message);
    if (isNew && (atEnd || mine.has(message.from))) toEnd();
    else if (isNew) byId("newer").hidden = false;
    if (isNew && document.hidden) unread++;
    showTitle();
  },
  came(message) {
    const known = people.has(message.from) || people.delete(message.was);
    people.set(message.from, message);
    if (!known && !mine.has(message.from)) note(`${message.name} came in`);
    drawPeople();
    compare(message.count);
  },
  left(message) {
    if (mine.has(message.from)) return;
    if (people.delete(message.from)) note(`${message.name} ${message.lost ? "lost the connection" : "left"}`);
    drawPeople();
    compare(message.count);
  },
  who(message) { showPeople(message.people); },
  count(message) { compare(message.count); },
  slow(message) {
    const one = unheard.get(message.tag);
    if (!one) return;
    one.sentAt = one.notBefore = performance.now() + message.wait;
    setTimeout(() => say(message.tag), message.wait);
  },
  refused(message) {
    const one = unheard.get(message.tag);
    if (one) {
      one.element.remove();
      input.value ||= one.text;
      unheard.delete(message.tag);
    }
    showNote(message.why === "full" ? "The chat is full." : `Not sent: it is ${message.why}.`);
  },
  generation(message) { heard(message.number); },
};

// New workers are there: the old one waits for us to go. Not all go at once, and one that finds the old
// worker again goes again.
function heard(generation) {
  newest = Math.max(newest, generation);
  if (!hello || hello.generation >= newest) moves = 0;
  else if (!moving && moves < kMovesMax) moving = setTimeout(move, kMoveMs * ++moves * (0.2 + Math.random()));
}

function move() {
  moving = 0;
  if (socket && hello.generation < newest) connect();
}

// Something was missed, when the numbers differ for long.
let comparing = 0;
function compare(count) {
  clearTimeout(comparing);
  if (count !== people.size) comparing = setTimeout(() => send("who"), 400);
}

// ---- messages

const sumOf = (text) => [...text].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) >>> 0, 7);
const colourOf = (name) => `c${sumOf(name.toLowerCase()) % kColours}`;
const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function element(message) {
  const name = make("b", { className: colourOf(message.name), dir: "auto" }, message.name);
  const time = make("time", { dateTime: new Date(message.at).toISOString() }, clock(message.at));
  const by = make("p", { className: "by" }, name, time,
    make("span", { className: "via" }, `worker ${message.worker}`));
  return make("li", {}, by, make("p", { className: "what", dir: "auto" }, message.text));
}

// Puts it where its id belongs; whether it was new.
function said(message) {
  unheard.get(message.tag)?.element.remove();
  const ours = unheard.delete(message.tag);
  if (shown.has(message.id)) return false;
  if (ours || mine.has(message.from)) mine.add(message.from);
  const item = element(message);
  item.classList.toggle("mine", mine.has(message.from));
  item.message = message;
  shown.set(message.id, item);
  put(item, message.id);
  together(item);
  if (item.nextElementSibling) together(item.nextElementSibling);
  trim();
  return true;
}

// A notice stands behind the last message that was there, what is on its way behind all.
function put(item, place) {
  item.place = place;
  let before = log.lastElementChild;
  while (before && before.place > place) before = before.previousElementSibling;
  if (before) before.after(item);
  else log.prepend(item);
  last = place < Infinity ? Math.max(last, place) : last;
}

// One who goes on speaking is named once.
function together(item) {
  const one = item.message, before = item.previousElementSibling?.message;
  item.classList.toggle("more", Boolean(one && before && one.name === before.name &&
    one.worker === before.worker && one.at - before.at < kTogetherMs));
}

function trim() {
  while (log.childElementCount > kShownMax) {
    const oldest = log.firstElementChild;
    if (oldest.message) shown.delete(oldest.message.id);
    oldest.remove();
  }
}

function note(text) {
  const atEnd = isAtEnd();
  put(make("li", { className: "note" }, text), last);
  trim();
  if (atEnd) toEnd();
}

// ---- speaking

function speak() {
  const text = input.value.trim();
  if (!text) return;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > kTextBytes) return showNote(`Too long by ${bytes - kTextBytes} bytes.`);
  const tag = tagOf(8);
  const message = { name: hello?.name || name, at: Date.now(), worker: hello?.worker, text };
  const item = element(message);
  item.message = message;
  item.className = "mine unheard";
  unheard.set(tag, { text, element: item, sentAt: 0, notBefore: 0 });
  put(item, Infinity);
  together(item);
  input.value = "";
  grow();
  showNote("");
  toEnd();
  say(tag);
}

function say(tag) {
  const one = unheard.get(tag);
  if (!one || !socket || performance.now() < one.notBefore) return;
  one.sentAt = performance.now();
  send("say", tag, one.text);
}

function grow() {
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight + 2}px`;
}

// ---- what is seen

const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 60;

function toEnd() {
  log.scrollTop = log.scrollHeight;
  byId("newer").hidden = true;
}

function showPeople(list) {
  people.clear();
  for (const one of list) people.set(one.from, one);
  drawPeople();
}

function drawPeople() {
  const sorted = [...people.values()].sort((a, b) => a.name.localeCompare(b.name));
  set(byId("count"), String(sorted.length));
  byId("people").replaceChildren(...sorted.map((one) => make("li", {},
    make("b", { className: colourOf(one.name), dir: "auto" }, one.name),
    mine.has(one.from) ? make("span", { className: "you" }, "you") : "",
    make("span", { className: "via" }, `worker ${one.worker}`))));
}

function showLink(kind, text) {
  set(byId("link"), text);
  byId("link").className = kind;
}

function showNote(text) { set(byId("note"), text); }

function showTitle() {
  if (!document.hidden) unread = 0;
  document.title = room ? `${unread ? `(${unread}) ` : ""}#${room} · oklo chat` : "oklo chat";
}

function showInside() {
  byId("door").hidden = true;
  byId("inside").hidden = false;
  set(byId("title"), room);
  showLink("", "connecting");
  showPeople([]);
  showTitle();
}

// ---- coming and going

function remember(key, value) {
  try {
    if (value !== undefined) localStorage.setItem(key, value);
    return localStorage.getItem(key) || "";
  } catch {
    return "";
  }
}

function roomOfUrl() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

function enter(newRoom, newName) {
  leave();
  room = newRoom.trim().toLowerCase() || "lobby";
  name = remember("name", newName.trim());
  if (!name) name = newName.trim();
  history.replaceState(null, "", `#${encodeURIComponent(room)}`);
  log.replaceChildren();
  shown.clear();
  last = failures = 0;
  showInside();
  connect();
}

function leave() {
  room = "";
  clearTimeout(waiting);
  for (const one of [socket, coming]) one?.close(1000);
  socket = coming = hello = null;
  unheard.clear();
}

function showDoor() {
  byId("inside").hidden = true;
  byId("door").hidden = false;
  byId("name").value = name || remember("name");
  byId("room").value = roomOfUrl();
  showTitle();
  byId("name").focus();
}

byId("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  enter(byId("room").value, byId("name").value);
  input.focus();
});
byId("leave").addEventListener("click", () => {
  leave();
  showDoor();
});
byId("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  speak();
});
byId("newer").addEventListener("click", toEnd);
input.addEventListener("input", grow);
input.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  speak();
});
log.addEventListener("scroll", () => { if (isAtEnd()) byId("newer").hidden = true; });
addEventListener("hashchange", () => { if (room && roomOfUrl() !== room) enter(roomOfUrl(), name); });
addEventListener("online", hurry);
document.addEventListener("visibilitychange", () => {
  showTitle();
  hurry();
});
// Where the keyboard of a phone covers the page instead of making it smaller.
visualViewport?.addEventListener("resize", () => {
  if (visualViewport.scale > 1) return;
  const atEnd = isAtEnd();
  document.documentElement.style.setProperty("--seen", `${visualViewport.height}px`);
  if (atEnd) toEnd();
});

const wide = matchMedia("(min-width: 52rem)");
const unfold = () => { byId("here").open = wide.matches; };
wide.addEventListener("change", unfold);
unfold();
setInterval(check, kTurnMs);
if (remember("name") && location.hash) enter(roomOfUrl(), remember("name"));
else showDoor();
