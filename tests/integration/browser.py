"""Drives Chromium over the DevTools protocol, through a pair of pipes. Standard library only.

    with Browser() as browser:
        page = browser.page("http://127.0.0.1:8080/", width=390, scheme="dark")
        page.wait_for("document.querySelector('h1')")
        assert page.errors() == []

Pages of one browser share cookies and see each other's messages; each is visible and has the focus for
itself. Nothing runs by itself: what a page tells is read while something is asked of one.
"""

import base64
import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import tempfile
import time

from harness import alive, pids, wait_until

FLAGS = ("--no-sandbox --remote-debugging-pipe --disable-gpu --disable-dev-shm-usage "
         "--disable-extensions --disable-background-networking --disable-component-update --disable-sync "
         "--disable-default-apps --disable-breakpad --no-first-run --no-default-browser-check --mute-audio "
         "--disable-background-timer-throttling --disable-backgrounding-occluded-windows "
         "--disable-renderer-backgrounding --hide-scrollbars --password-store=basic "
         "--no-proxy-server").split()


class Browser:
    """A headless Chromium with a profile of its own, for a with statement."""

    def __init__(self, *flags, timeout=15):
        self.flags, self.timeout = flags, timeout
        self._buffer, self._number, self._answers, self._pages = b"", 0, {}, {}
        self._cleanup = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            undo.enter_context(self._cleanup)
            self._start()
            undo.pop_all()
        return self

    def _start(self):
        profile = self._cleanup.enter_context(
            tempfile.TemporaryDirectory(prefix="oklo-browser-", ignore_cleanup_errors=True))
        self._stderr = self._cleanup.enter_context(open(os.path.join(profile, "stderr"), "w+b"))
        # Chromium reads commands from fd 3 and answers on fd 4. What is passed stands above these.
        (theirs_in, self._out), (self._in, theirs_out) = _pipe(), _pipe()

        def put_in_place():
            os.dup2(theirs_in, 3)
            os.dup2(theirs_out, 4)
        self.process = subprocess.Popen(
            ["chromium-headless-shell", *FLAGS, f"--user-data-dir={profile}", *self.flags, "about:blank"],
            close_fds=False, preexec_fn=put_in_place, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=self._stderr, stderr=self._stderr,
            env={**os.environ, "HOME": profile, "XDG_CONFIG_HOME": profile})
        os.close(theirs_in)
        os.close(theirs_out)
        self._cleanup.callback(self._end)
        self.call("Browser.getVersion")

    def __exit__(self, *_):
        self._cleanup.close()

    def _end(self):
        with contextlib.suppress(AssertionError, OSError):
            self.call("Browser.close")
        os.close(self._out)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)

        def all_gone():
            session = [pid for pid in pids() if _session(pid) == self.process.pid and alive(pid)]
            for pid in session:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return not session
        wait_until(all_gone, 5, "the browser to end")
        self.process.wait()
        os.close(self._in)

    def call(self, method, session=None, **parameters):
        """Sends a command of the protocol and returns its result."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data):]
        deadline = time.monotonic() + self.timeout
        while number not in self._answers:
            self._read(deadline, method)
        answer = self._answers.pop(number)
        assert "error" not in answer, f"{method}: {answer['error'].get('message')}"
        return answer["result"]

    def _read(self, deadline, what):
        """Takes what the browser sent, waiting for it until the deadline."""
        ready = select.select([self._in], [], [], max(0, deadline - time.monotonic()))[0]
        assert ready, f"the browser did not answer {what} within {self.timeout} s"
        data = os.read(self._in, 1 << 20)
        assert data, f"the browser ended: {self._tail()}"
        *messages, self._buffer = (self._buffer + data).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._answers[message["id"]] = message
            elif page := self._pages.get(message.get("sessionId")):
                page.on_event(message["method"], message["params"])

    def _tail(self):
        self._stderr.seek(0)
        return self._stderr.read()[-2000:].decode(errors="replace")

    def page(self, url="about:blank", width=1280, height=800, scheme="light", mobile=None):
        """A new page in a window of its own; mobile (with a touch screen) when it is narrow."""
        target = self.call("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, target, session)
        page.emulate(width, height, scheme, width < 600 if mobile is None else mobile)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(domain + ".enable")
        if url != "about:blank":
            page.open(url)
        return page


class Page:
    """One page. console: what it said, as (level, text); requests: the URLs it asked for."""

    def __init__(self, browser, target, session):
        self.browser, self.target, self.session = browser, target, session
        self.console, self.requests, self._loads = [], [], 0

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def emulate(self, width, height, scheme="light", mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, mobile=mobile,
                  deviceScaleFactor=2 if mobile else 1)
        self.call("Emulation.setTouchEmulationEnabled", enabled=mobile)
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def on_event(self, method, parameters):
        if method == "Page.loadEventFired":
            self._loads += 1
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            words = [str(word.get("value", word.get("description"))) for word in parameters["args"]]
            self.console.append((parameters["type"], " ".join(words)))
        elif method == "Runtime.exceptionThrown":
            self.console.append(("error", _exception(parameters["exceptionDetails"])))
        elif method == "Log.entryAdded":
            entry = parameters["entry"]
            self.console.append((entry["level"], f"{entry['text']} {entry.get('url', '')}".strip()))

    def open(self, url):
        """Goes there and waits for the load event."""
        loads = self._loads
        answer = self.call("Page.navigate", url=url)
        assert not answer.get("errorText"), f"{url}: {answer['errorText']}"
        deadline = time.monotonic() + self.browser.timeout
        while self._loads == loads:
            self.browser._read(deadline, f"with the load of {url}")

    def evaluate(self, expression):
        """The value of an expression; of a promise, what it becomes."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True,
                           userGesture=True)
        assert "exceptionDetails" not in answer, f"{expression}: {_exception(answer['exceptionDetails'])}"
        return answer["result"].get("value")

    def wait_for(self, expression, timeout=10):
        """Waits until the expression is true, and returns its value."""
        return wait_until(lambda: self.evaluate(expression), timeout, f"{expression} in {self.requests[:1]}")

    def errors(self):
        """What stands in the console as an error."""
        self.evaluate("0")
        return [text for level, text in self.console if level in ("error", "assert")]

    def press(self, key, text=""):
        """A key by its name, as "Tab", "Escape"; "Enter" types a line break, too."""
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}
        text = text or {"Enter": "\r", " ": " "}.get(key, "")
        key_of = {"key": key, "code": key, "windowsVirtualKeyCode": codes.get(key, 0)}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **key_of)
        self.call("Input.dispatchKeyEvent", type="keyUp", **key_of)

    def type(self, text):
        """Writes into what has the focus."""
        self.call("Input.insertText", text=text)

    def click(self, selector):
        x, y = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView("
            "{block: 'center'}); const r = e.getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path, full=False):
        """Writes a PNG of what is seen, or of the full page."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=full)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
        del self.browser._pages[self.session]


def _pipe():
    """A pipe whose ends are above 9."""
    ends = os.pipe()
    raised = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return raised


def _session(pid):
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _exception(details):
    return details.get("exception", {}).get("description") or details["text"]
