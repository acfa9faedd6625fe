"""The names that C++ headers declare, as a user of the library sees them.

A small parser for headers in the style of the project: it knows namespaces, types with their public
members, enumerations, functions and constants; macros and declarations of several names at once it does not
know.
"""

import re

TYPE = re.compile(
    r"(class|struct|union|enum(?:\s+class)?)\s+(\w+)\s*(?:<.*>)?\s*(?:final\s*)?(?::.*)?$", re.S)
ACCESS = re.compile(r"^\s*(public|private|protected)\s*:(?!:)")
# What the language asks for, and no program calls.
OF_THE_LANGUAGE = re.compile(r"await_\w+|promise_type|get_return_object|operator\b.*")


class Names:
    """The types by their names, such as Lock::Guard, each with its public members; and all else."""

    def __init__(self):
        self.types = {}
        self.others = set()  # functions and constants

    def add(self, scope, name):
        if OF_THE_LANGUAGE.fullmatch(name):
            return
        (self.types[scope] if scope else self.others).add(name)


def matching(text, place):
    """The place behind the bracket that closes the one at this place."""
    close = {"(": ")", "{": "}", "[": "]", "<": ">"}[text[place]]
    opener, depth = text[place], 0
    while place < len(text):
        c = text[place]
        if opener == "<" and c == "(":
            place = matching(text, place)
            continue
        depth += (c == opener) - (c == close and text[place - 1:place + 1] != "->")
        place += 1
        if depth == 0:
            return place
    return place


def without_prefixes(head):
    """A declaration without access labels, attributes, template parameters and constraints."""
    head = re.sub(r"\[\[.*?\]\]", "", head, flags=re.S).strip()
    while True:
        if found := ACCESS.match(head):
            head = head[found.end():].strip()
        elif re.match(r"template\s*<", head):
            head = head[matching(head, head.index("<")):].strip()
        elif found := re.match(r"requires\s*\(", head):
            head = head[matching(head, found.end() - 1):].strip()
        elif found := re.match(r"requires\s+[^(<]*?(<|\()", head):
            head = head[matching(head, found.end() - 1):].strip()
            head = re.sub(r"^(&&|\|\|)\s*", "requires ", head)
        else:
            return head


def declared_name(head):
    """The name of the function, variable or alias that is declared, if there is one."""
    if found := re.match(r"(?:using|concept)\s+(\w+)\s*=", head):
        return found[1]
    if not head or re.match(r"(friend|static_assert|using|class|struct|enum)\b", head):
        return None
    place = 0
    while place < len(head) and head[place] not in "(=":
        if head[place] == "<":
            place = matching(head, place)
        else:
            place += 1
    before = re.sub(r"\[[^\]]*\]\s*$", "", head[:place].rstrip())
    if "operator" in before or re.search(r"~\w+$|::\w+$", before):
        return None
    return found[1] if (found := re.search(r"(\w+)\s*(?:<.*>)?$", before, re.S)) else None


def enumerators(body):
    return [found[1] for part in body.split(",") if (found := re.match(r"\s*(\w+)", part))]


class Parser:
    def __init__(self, names):
        self.names = names

    def scope(self, text, scope, public=True):
        """The text of a namespace, or of a type whose name is `scope`."""
        head, place = "", 0
        while place < len(text):
            c = text[place]
            if found := ACCESS.match(head):
                public, head = found[1] == "public", head[found.end():]
            if c == "(":
                end = matching(text, place)
                head, place = head + text[place:end], end
            elif c == "{":
                end = matching(text, place)
                head = self.braces(head, text[place + 1:end - 1], scope, public)
                place = end
            elif c == ";":
                self.declare(head, scope, public)
                head, place = "", place + 1
            else:
                head, place = head + c, place + 1

    def braces(self, head, body, scope, public):
        """What stands in braces; what is left of the head in front of them."""
        bare = without_prefixes(head)
        if found := re.match(r"(?:inline\s+)?namespace\s+(\w+)$", bare):
            if found[1] == "oklo":
                self.scope(body, scope)
            return ""
        if found := TYPE.match(bare):
            if public:
                self.type(found, body, scope)
            return ""
        if re.search(r"=\s*$|^[^(]*\w$", bare):  # the value of a variable
            return head + "{}"
        self.declare(head, scope, public)
        return ""

    def type(self, found, body, scope):
        name = f"{scope}::{found[2]}" if scope else found[2]
        members = self.names.types.setdefault(name, set())
        if scope:
            self.names.types[scope].add(found[2])
        if found[1].startswith("enum"):
            members |= set(enumerators(body))
            if found[1] == "enum":
                self.names.others |= members
        else:
            self.scope(body, name, found[1] != "class")

    def declare(self, head, scope, public):
        bare = without_prefixes(head)
        name = declared_name(bare)
        if not name or not public or name == (scope or "").split("::")[-1]:
            return
        if not scope and re.match(r"(using|concept)\b", bare):
            self.names.types.setdefault(name, set())
        else:
            self.names.add(scope, name)


def names_of(bare):
    """The names of a header, given without comments, literals and preprocessor lines."""
    names = Names()
    Parser(names).scope(bare, None)
    return names
