"""The page of the group chat, in a browser: two of them, served by different workers."""

import contextlib
import json
import os
import signal

from browser import Browser
from chat_test import chat, pid_of
from harness import Oklo, base_mode_alone, needs, timeout, wait_until

LIVE = "document.getElementById('link').className === 'live'"
TEXTS = "[...document.querySelectorAll('#log .what')].map((e) => e.textContent)"
NOTES = "[...document.querySelectorAll('#log .note')].map((e) => e.textContent)"
PEOPLE = "[...document.querySelectorAll('#people b')].map((e) => e.textContent)"


def enter(page, name, room=""):
    page.wait_for("!document.getElementById('door').hidden")
    page.evaluate(f"document.getElementById('name').value = {json.dumps(name)}, "
                  f"document.getElementById('room').value = {json.dumps(room)}")
    page.click("#enter button")
    page.wait_for(LIVE)


def speak(page, text):
    page.evaluate("document.getElementById('text').focus()")
    page.type(text)
    page.press("Enter")


def worker_of(page):
    return int(page.evaluate("document.getElementById('link').textContent.match(/worker (\\d+) of/)[1]"))


def texts(page, *wanted):
    """Waits until these are the messages on the page, and all of them were heard back."""
    page.wait_for(f"JSON.stringify({TEXTS}) === {json.dumps(json.dumps(wanted, separators=(',', ':')))}"
                  " && !document.querySelector('.unheard')")


def pages_in(browser, oklo, room="lobby"):
    """Ada and Bob, whose pages are served by two workers."""
    ada = browser.page(oklo.url + "/chat")
    enter(ada, "Ada", room)

    def another():
        bob = browser.page(oklo.url + "/chat", width=390, height=780, scheme="dark")
        bob.evaluate("localStorage.clear()")
        enter(bob, "Bob", room)
        return bob if worker_of(bob) != worker_of(ada) else bob.close()
    return ada, wait_until(another, what="a page in another worker")


@contextlib.contextmanager
def two_pages(workers=2, room="lobby"):
    with chat(workers) as oklo, Browser() as browser:
        oklo.url = f"http://127.0.0.1:{oklo.port}"
        ada, bob = pages_in(browser, oklo, room)
        for page in ada, bob:
            page.wait_for(f"{PEOPLE}.join() === 'Ada,Bob'")
        yield oklo, browser, ada, bob


def only_lost(page):
    """No error but of connections that were cut."""
    wrong = [text for text in page.errors() if "WebSocket" not in text and "ERR_CONNECTION" not in text]
    assert wrong == [], wrong


@needs("chromium-headless-shell")
def test_two_pages_talk_through_different_workers():
    with two_pages(room="Tea & <b>cake</b>") as (oklo, browser, ada, bob):
        speak(ada, "<img src=x onerror=alert(1)>")
        texts(bob, "<img src=x onerror=alert(1)>")
        speak(bob, "a tall\nmessage, and a very-" + "long" * 99)
        speak(bob, "and more")
        texts(ada, "<img src=x onerror=alert(1)>", "a tall\nmessage, and a very-" + "long" * 99, "and more")
        for page in ada, bob:
            assert page.evaluate("document.querySelectorAll('#log img, #log li b b').length") == 0
            assert page.evaluate("document.getElementById('title').textContent") == "tea & <b>cake</b>"
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
            assert page.errors() == []
        # Of what one says in a row the name stands once.
        assert ada.evaluate("document.querySelectorAll('#log .more').length") == 1
        cy = browser.page(ada.evaluate("location.href"))
        assert cy.evaluate("document.getElementById('room').value || room") == "tea & <b>cake</b>"
        cy.close()


@needs("chromium-headless-shell")
@timeout(40)
@base_mode_alone("in process mode a stopped worker has no connections, and gets no messages")
def test_a_page_goes_on_through_another_worker_and_nothing_is_lost_or_doubled():
    with two_pages() as (oklo, browser, ada, bob):
        speak(ada, "before")
        texts(bob, "before")
        dead = pid_of(oklo, worker_of(bob))
        # Nobody reads what is said now: it stands in the page, and is sent again.
        os.kill(dead, signal.SIGSTOP)
        speak(bob, "into the void")
        bob.wait_for("document.querySelectorAll('.unheard').length === 1")
        os.kill(dead, signal.SIGKILL)
        texts(ada, "before", "into the void")
        texts(bob, "before", "into the void")
        bob.wait_for(f"{LIVE} && {PEOPLE}.length === 2")
        ada.wait_for(f"{NOTES}.join().includes('Bob lost the connection,Bob came in')")
        speak(ada, "after")
        texts(bob, "before", "into the void", "after")
        assert bob.evaluate(PEOPLE) == ada.evaluate(PEOPLE) == ["Ada", "Bob"]
        only_lost(ada)
        only_lost(bob)


@needs("chromium-headless-shell")
@timeout(50)
@base_mode_alone("in process mode a stopped worker has no connections, and gets no messages")
def test_a_page_leaves_a_worker_that_hangs():
    with two_pages() as (oklo, browser, ada, bob):
        hung = pid_of(oklo, worker_of(bob))
        notes = ada.evaluate(NOTES)
        os.kill(hung, signal.SIGSTOP)
        try:
            speak(bob, "is anybody there?")
            bob.wait_for(f"{LIVE} && document.getElementById('link').textContent.includes("
                         f"'worker {worker_of(ada)} of')", 30)
            texts(ada, "is anybody there?")
            texts(bob, "is anybody there?")
        finally:
            os.kill(hung, signal.SIGCONT)
        # What the worker finds when it goes on was said already, and by somebody who is there.
        speak(ada, "yes")
        texts(bob, "is anybody there?", "yes")
        assert (ada.evaluate(PEOPLE), ada.evaluate(NOTES)) == (["Ada", "Bob"], notes)


@needs("chromium-headless-shell")
@timeout(40)
def test_pages_move_to_the_new_workers_and_nobody_sees_it():
    with two_pages() as (oklo, browser, ada, bob):
        speak(ada, "before")
        texts(bob, "before")
        notes = ada.evaluate(NOTES), bob.evaluate(NOTES)
        oklo.kill(signal.SIGUSR1)
        for page in ada, bob:
            page.wait_for("hello.generation === 2", 20)
        speak(bob, "after")
        for page in ada, bob:
            texts(page, "before", "after")
            assert page.evaluate(PEOPLE) == ["Ada", "Bob"] and page.evaluate(LIVE)
            assert page.errors() == []
        assert (ada.evaluate(NOTES), bob.evaluate(NOTES)) == notes


@needs("chromium-headless-shell")
def test_who_reads_what_was_is_not_torn_away():
    with two_pages() as (oklo, browser, ada, bob):
        for i in range(8):
            speak(ada, f"{i}\n" * 8)
        wanted = ["\n".join([str(i)] * 8) for i in range(8)]
        texts(bob, *wanted)
        bob.evaluate("log.scrollTop = 0")
        bob.wait_for("!isAtEnd()")
        speak(ada, "news")
        texts(bob, *wanted, "news")
        bob.wait_for("!document.getElementById('newer').hidden")
        assert bob.evaluate("log.scrollTop") == 0
        bob.click("#newer")
        bob.wait_for("isAtEnd() && document.getElementById('newer').hidden")
        speak(ada, "more")
        texts(bob, *wanted, "news", "more")
        bob.wait_for("isAtEnd()")


@needs("chromium-headless-shell")
@timeout(40)
def test_a_page_waits_for_the_server_to_come_back():
    with Browser() as browser:
        with chat(1) as oklo:
            page = browser.page(f"http://127.0.0.1:{oklo.port}/chat")
            enter(page, "Ada")
            speak(page, "before")
            texts(page, "before")
        page.wait_for("document.getElementById('link').className === 'lost'")
        speak(page, "meanwhile")
        with Oklo("demo", "127.0.0.1:{port}", "--control", "off", "--echo", "off", "--workers", 1,
                  port=oklo.port):
            page.wait_for(LIVE, 20)
            texts(page, "before", "meanwhile")
            only_lost(page)


@needs("chromium-headless-shell")
@timeout(40)
def test_the_page_is_for_keyboards_and_for_readers():
    with two_pages() as (oklo, browser, ada, bob):
        names = ("[...document.querySelectorAll('#inside button, #inside textarea, #log, #people')]"
                 ".map((e) => e.ariaLabel || e.labels?.[0]?.textContent || e.textContent)")
        for page in ada, bob:
            assert all(page.evaluate(names)), page.evaluate(names)
            assert page.evaluate("document.getElementById('log').getAttribute('role')") == "log"
        # On a phone the people fold away, and what is written stands above the keyboard.
        assert ada.evaluate("document.getElementById('here').open") is True
        assert bob.evaluate("document.getElementById('here').open") is False
        bob.evaluate("document.querySelector('summary').focus()")
        bob.press("Enter")
        bob.wait_for("document.getElementById('here').open")
        bob.emulate(390, 420, "dark", True)
        bob.wait_for("innerHeight === 420")
        speak(bob, "x\n" * 40)
        texts(bob, "\n".join("x" * 40))
        bottom = "document.getElementById('send').getBoundingClientRect().bottom"
        assert 300 < bob.evaluate(bottom) <= 420
        assert bob.evaluate("document.documentElement.scrollHeight <= innerHeight")
        # The end of the log is seen, and Leave leads back to the door.
        assert bob.evaluate("(() => { const e = document.getElementById('log');"
                            " return e.scrollHeight - e.scrollTop - e.clientHeight; })()") < 60
        bob.click("#leave")
        bob.wait_for("!document.getElementById('door').hidden && document.activeElement.id === 'name'")
        ada.wait_for(f"{NOTES}.join().endsWith('Bob left')")
        assert ada.evaluate(PEOPLE) == ["Ada"]
