"""Clients that ask all the time while a test disturbs the server."""

import threading


class Load:
    """Runs functions in threads for a with statement; they look at `running` and note what they saw."""

    def __init__(self, *functions):
        self.running = True
        self.threads = [threading.Thread(target=function) for function in functions]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.running = False
        for thread in self.threads:
            thread.join()
