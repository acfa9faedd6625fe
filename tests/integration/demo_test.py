"""The demo: what its pages send, and what a browser makes of them."""

import contextlib
import html.parser
import json
import os
import re
import signal
import subprocess

from browser import Browser
from harness import (ROOT, Client, Oklo, children, connections, get, http, needs, request, run_oklo,
                     timeout, title, wait_until)

PAGES = ("/", "/chat", "/tasks", "/status")
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".svg": "image/svg+xml", ".json": "application/json"}
BYTES_MAX = 58 * 1024
WINDOWS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]

# ---- expressions for a page

POINTS = ("(document.querySelector('#rates path:not(.area)')?.getAttribute('d') ?? '')"
          ".split(/[ML]/).length - 1")
EVENTS = "document.getElementById('events').textContent"
LIVE = "document.getElementById('link').textContent === 'Live.'"

# Every text whose contrast to what lies behind it is below 4.5, and every line below 3 (WCAG 2.2, 1.4.3
# and 1.4.11).
PALE = """(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => numbers(colour).slice(0, 3).map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const found = [];
  for (const e of document.body.querySelectorAll("*")) {
    const drawn = e.matches("path:not(.area)"), style = getComputedStyle(e);
    if (!drawn && ![...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const colour = drawn ? style.stroke : e.matches("svg text") ? style.fill : style.color;
    const contrast = ratio(light(colour), light(behind(e)));
    if (contrast < (drawn ? 3 : 4.5)) found.push([e.outerHTML.slice(0, 80), contrast]);
  }
  return found;
})()"""

# How much of the page moved while it was loading.
SHIFT = """new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const e of list.getEntries()) sum += e.value; })
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(sum), 0)));
})"""

# The outline of each thing that the Tab key reaches is looked at where it stands.
FOCUS = "[document.activeElement.outerHTML, getComputedStyle(document.activeElement).outlineStyle]"


class Links(html.parser.HTMLParser):
    """The links of a page, and what a strict policy would not let run."""

    def __init__(self, text):
        super().__init__()
        self.links, self.inline = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        self.links += [names[name] for name in ("href", "src") if name in names]
        self.inline += [name for name in names if name == "style" or name.startswith("on")]
        if tag == "style" or tag == "script" and "src" not in names:
            self.inline.append(tag)


@contextlib.contextmanager
def demo(*flags, port=None, echo="off"):
    with Oklo("demo", "127.0.0.1:{port}", "--control", "off", "--echo", echo, *flags, port=port) as oklo:
        oklo.url = f"http://127.0.0.1:{oklo.port}"
        wait_until(lambda: "is up" in oklo.stderr(), what="the demo to be up")
        yield oklo


@contextlib.contextmanager
def status_page(oklo, **options):
    with Browser() as browser:
        page = browser.page(oklo.url + "/status", **options)
        page.wait_for(LIVE)
        yield page


def status(oklo):
    return json.loads(get(oklo.port, "/status.json").body)


def worker(oklo, number):
    """The pid of the worker, once there is one."""
    return wait_until(lambda: next((pid for pid in oklo.workers() if title(pid) == f"oklo: worker {number}"),
                                   None), what=f"worker {number}")


# ---- without a browser

def test_every_link_of_every_page_answers():
    with demo() as oklo:
        wanted, sizes = set(PAGES), {}
        while left := wanted - sizes.keys():
            path = left.pop()
            answer = get(oklo.port, path)
            assert answer.status == 200, (path, answer)
            sizes[path] = len(answer.body)
            extension = os.path.splitext(path)[1]
            plain = "text/plain" if path.startswith("/hello/") else "text/html"
            assert answer.field("content-type") == TYPES.get(extension, plain + "; charset=utf-8"), answer
            if answer.field("content-type").startswith("text/html"):
                links = Links(answer.body.decode()).links
                assert links and all(re.match(r"/(?!/)", link) for link in links), links
                wanted |= set(links)
        assert {"/style.css", "/chat.css", "/status.js", "/index.js", "/chat.js", "/favicon.svg",
                "/hello/you"} <= sizes.keys()
        assert get(oklo.port, "/favicon.ico").field("content-type") == "image/svg+xml"


def test_the_pages_keep_a_strict_policy():
    with demo("--workers", 1) as oklo:
        for path in PAGES:
            answer = get(oklo.port, path)
            policy = answer.field("content-security-policy")
            assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy, policy
            assert answer.field("x-content-type-options") == "nosniff"
            text = answer.body.decode()
            assert Links(text).inline == []
            assert text.startswith("<!doctype html>\n<html lang=\"en\">")
            viewport = r'<meta name="viewport" content="width=device-width, initial-scale=1[,"]'
            assert re.search(viewport, text)
            assert re.search(r"<title>oklo \w+</title>", text)


def test_the_pages_are_small():
    folder = os.path.join(ROOT, "src/cli/pages")
    sizes = {name: os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)}
    assert sum(sizes.values()) < BYTES_MAX, sizes


def test_the_greeting_and_the_echo_are_plain_text():
    with demo("--workers", 1) as oklo:
        greeting = get(oklo.port, "/hello/%3Cb%3E")
        echo = http(oklo.port, request("POST", "/echo", b"<b>any", content_type="text/html"))[0]
        for answer, body in ((greeting, b"hello, <b>\n"), (echo, b"<b>any")):
            assert (answer.status, answer.body) == (200, body), answer
            assert answer.field("content-type") == "text/plain; charset=utf-8"
            assert answer.field("x-content-type-options") == "nosniff"


def test_the_status_has_its_fields_and_changes_under_load():
    with demo("--workers", 2) as oklo:
        before = status(oklo)
        for name in ("pid", "uptime_s", "generation", "reloads", "reloads_failed", "accepted", "requests"):
            assert isinstance(before[name], int), name
        assert before["pid"] == oklo.pid and before["addresses"] == [f"127.0.0.1:{oklo.port}"]
        assert re.fullmatch(r"\d+\.\d+\.\d+", before["version"])
        assert [line["worker"] for line in before["workers"]] == [1, 2]
        assert sorted(line["pid"] for line in before["workers"]) == sorted(oklo.workers())
        for line in before["workers"]:
            assert line["state"] == "ready"
            for name in ("generation", "connections", "requests", "rate", "memory_kib", "restarts"):
                assert isinstance(line[name], int), name
        with contextlib.ExitStack() as stack:
            for _ in range(8):
                client = stack.enter_context(Client(oklo.port))
                assert all(client.get("/hello/you").status == 200 for _ in range(10))
            now = status(oklo)
            assert now["requests"] >= before["requests"] + 80
            assert sum(line["requests"] for line in now["workers"]) == now["requests"]
            assert connections(now) >= 8


def test_the_manual_pages_that_the_demo_names_are_there():
    with demo("--workers", 1) as oklo:
        text = get(oklo.port, "/").body.decode()
    commands = re.findall(r"^(?:<pre>)?oklo (help.*?)(?:</pre>)?$", text, re.M)
    assert {"help oklo", "help oklo-source"} == set(commands)
    for words in commands:
        done = run_oklo(*words.split())
        assert done.returncode == 0 and done.stdout, words


def test_the_demo_prints_where_a_browser_finds_it():
    with Oklo("demo", ":{port}", "--workers", 1, "--control", "off", "--echo", "off") as oklo:
        oklo.wait_for_stderr(rf"  http://localhost:{oklo.port}/status\n")
        assert "Ctrl-C" in oklo.stderr()


# ---- with a browser

def check_page(browser, url, width, scheme):
    page = browser.page(url, width=width, height=800, scheme=scheme)
    where = f"{url} {width} {scheme}"
    page.wait_for("!document.querySelector('.facts') || "
                  "/master|generation/.test(document.querySelector('.facts').textContent)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
    assert page.evaluate("innerWidth") == width
    assert page.evaluate(PALE) == [], where
    assert page.evaluate(SHIFT) < 0.005, where
    page.press("Tab")
    element, outline = page.evaluate(FOCUS)
    assert element.startswith(("<a", "<input")) and outline == "solid", (where, element, outline)
    assert page.errors() == [], where
    assert all(asked.startswith(url.rpartition("/")[0] + "/") for asked in page.requests), page.requests
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.close()
    return paper


@needs("chromium-headless-shell")
@timeout(40)
def test_the_pages_are_whole_in_every_window():
    with demo("--workers", 9) as oklo, Browser() as browser:
        for path in PAGES:
            papers = {check_page(browser, oklo.url + path, width, scheme) for width, scheme in WINDOWS}
            assert len(papers) == 2, "light and dark are the same"
        plain = browser.page(oklo.url + "/status.json")
        assert plain.errors() == []


@needs("chromium-headless-shell", "curl", "pkill")
def test_the_commands_of_the_page_do_what_it_says():
    with demo("--workers", 1, echo="127.0.0.1:0") as oklo, Browser() as browser:
        page = browser.page(oklo.url)
        keepers = [pid for pid in children(oklo.pid) if title(pid) == "oklo: manager"] + [oklo.pid]
        page.wait_for(f"document.body.innerText.includes('pkill -9 -P {keepers[0]} ')")
        text = page.evaluate("document.body.innerText")

        def run(begin):
            command = re.search(rf"^{begin}.*$", text, re.M)[0]
            done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=10)
            assert done.returncode == 0, (command, done)
            return done.stdout
        assert run("curl http.*/hello/") == "hello, world\n"
        assert run("curl -d") == "any text"
        answer = json.loads(run("curl http.*json"))
        assert answer["pid"] == oklo.pid
        tcp, udp = [address.rpartition(":")[2] for address in answer["addresses"][1:]]
        assert f"nc 127.0.0.1 {tcp}" in text and f"nc -u 127.0.0.1 {udp}" in text
        dead = worker(oklo, 1)
        run("pkill -9")
        wait_until(lambda: worker(oklo, 1) != dead, what="another worker")


@needs("chromium-headless-shell")
def test_the_charts_are_drawn_under_load():
    with demo("--workers", 2) as oklo, status_page(oklo, width=390) as page, Client(oklo.port) as client:
        page.wait_for(f"{POINTS} >= 2")

        def busy():
            for _ in range(200):
                client.get("/hello/you")
            return page.evaluate("Number(document.getElementById('rate').textContent.replace(',', ''))") > 100
        wait_until(busy, what="the load to be seen")
        # The line rises above the ground that it began at.
        page.wait_for("document.querySelector('#rates path:not(.area)').getBBox().height > 20")
        owners = status(oklo).get("gate", status(oklo)["workers"])
        assert page.evaluate("document.querySelectorAll('#lines path').length") == len(owners)
        assert page.evaluate("document.querySelectorAll('#workers tr').length") == 2
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.errors() == []


@needs("chromium-headless-shell")
def test_the_connections_are_shown_and_sorted():
    with demo("--workers", 2) as oklo, status_page(oklo, width=390) as page, Client(oklo.port) as client:
        for _ in range(500):
            client.get("/hello/you")
        first = "document.querySelector('#connections tr')?.textContent"
        page.evaluate("document.getElementById('sort').value = 'requests';"
                      "document.getElementById('sort').dispatchEvent(new Event('change'))")
        page.wait_for(f"{first}?.includes('127.0.0.1:{client.socket.getsockname()[1]}http')")
        row = "[...document.querySelector('#connections tr').cells].map((cell) => cell.textContent)"
        cells = page.evaluate(row)
        assert cells[1] == "http" and re.fullmatch(r"(worker|gate) \d+", cells[2]), cells
        assert cells[5] == "500", cells
        gate = status(oklo).get("gate", [])
        assert page.evaluate("document.getElementById('gate-part').hidden") == (not gate)
        assert page.evaluate("document.querySelectorAll('#gate tr').length") == len(gate)
        page.wait_for("document.getElementById('open').textContent !== '0'")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.errors() == []


LONGEST = {"peer": "[2001:db8:1234:5678:9abc:def0:1234:5678]:50560", "kind": "websocket_client",
           "owner": "task worker 12", "age_s": 8_640_000, "idle_s": 119, "requests": 123_456_789,
           "bytes_in": 123_456_789_012, "bytes_out": 123_456_789_012, "queue": 123_456_789}


@needs("chromium-headless-shell")
def test_many_connections_and_long_ones_fit_into_the_page():
    with demo("--workers", 2) as oklo, Browser() as browser, contextlib.ExitStack() as stack:
        for _ in range(500):
            stack.enter_context(Client(oklo.port)).get("/hello/you")
        for width, rows in (1280, 20), (860, 20), (390, 8), (320, 8):
            page = browser.page(oklo.url + "/status", width=width)
            page.wait_for(f"document.querySelectorAll('#connections tr').length === {rows}")
            more = page.evaluate("document.getElementById('more').textContent")
            assert int(more.split()[0]) >= 500 - rows, more
            page.evaluate(f"const longest = {{ connections: Array({rows}).fill({json.dumps(LONGEST)}) }}")
            cells = "[...document.querySelector('#connections tr').cells].map((cell) => cell.textContent)"
            shown, fits = page.evaluate(f"showConnections(longest); "
                                        f"[{cells}, document.documentElement.scrollWidth <= innerWidth]")
            assert shown[3:5] == ["100 d", "119 s"] and fits, (width, shown)
            assert page.errors() == []
            page.close()


@needs("chromium-headless-shell")
def test_the_page_goes_on_when_the_only_worker_was_replaced():
    with demo("--workers", 1) as oklo, status_page(oklo) as page:
        page.wait_for(f"{POINTS} >= 2")
        dead = worker(oklo, 1)
        os.kill(dead, signal.SIGKILL)
        page.wait_for(f"{EVENTS}.includes('Worker 1 died')")
        points = page.evaluate(POINTS)
        page.wait_for(f"{POINTS} >= {points + 2} && {LIVE}")
        assert page.evaluate("document.querySelector('#workers tr').cells[1].textContent") == str(
            worker(oklo, 1)) != str(dead)
        assert page.evaluate("document.getElementById('restarts').textContent") == "1"
        assert page.evaluate("document.querySelectorAll('#rates line.died').length") == 1


@needs("chromium-headless-shell")
def test_a_reload_is_seen():
    with demo("--workers", 2) as oklo, status_page(oklo) as page:
        oklo.kill(signal.SIGUSR1)
        page.wait_for(f"{EVENTS}.includes('Generation 2 has taken over')")
        page.wait_for("[...document.querySelectorAll('#workers tr')].map((row) => row.cells[3].textContent)"
                      ".join() === '2,2'")
        assert page.errors() == []


def answering(page):
    """The worker that answers this page: the one whose requests grow."""
    counts = ("Object.fromEntries([...document.querySelectorAll('#workers tr')]"
              ".map((row) => [row.cells[0].textContent, row.cells[5].textContent]))")
    before = page.evaluate(counts)
    return int(page.wait_for(f"(() => {{ const old = {json.dumps(before)}; return Object.entries({counts})"
                             ".find(([worker, count]) => old[worker] !== count)?.[0]; })()"))


@needs("chromium-headless-shell")
def test_the_page_leaves_a_worker_that_is_stopped():
    with demo("--workers", 2) as oklo, status_page(oklo) as page:
        page.wait_for(f"{POINTS} >= 3")
        number = answering(page)
        os.kill(worker(oklo, number), signal.SIGSTOP)
        page.wait_for(f"{EVENTS}.includes('Worker {number} is stopped')", timeout=15)
        page.wait_for(LIVE)
        os.kill(worker(oklo, number), signal.SIGCONT)
        page.wait_for(f"{EVENTS}.includes('Worker {number} goes on')")


@needs("chromium-headless-shell")
def test_the_page_finds_the_server_again():
    with Browser() as browser:
        with demo("--workers", 1) as oklo:
            page = browser.page(oklo.url + "/status", width=390, height=800)
            page.wait_for(f"{POINTS} >= 2")
        page.wait_for("document.getElementById('link').textContent.startsWith('No answer')")
        with demo("--workers", 1, port=oklo.port) as again:
            page.wait_for(f"{LIVE} && {EVENTS}.includes('started anew: master {again.pid}')")
            points = page.evaluate(POINTS)
            page.wait_for(f"{POINTS} > {points}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        refused = [text for text in page.errors() if "ERR_CONNECTION_" not in text]
        assert refused == [], refused
