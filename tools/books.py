"""The rules of the manual pages: they name all that is there, and nothing that is not.

Each rule is a function rule_NAME that yields (path, line, what); a page or a table that is not there is
itself a finding, so no rule ends by itself when something is moved.
"""

import collections
import re

import public_names

COMMAND, LIBRARY, FILE, SOURCE = "man/oklo.1", "man/oklo.3", "man/oklo.conf.5", "man/oklo-source.7"
MACROS = set("Ar Cm Dq Dv Em Er Ev Fl Fn Ic In Li Nm No Ns Op Pa Pq Ql Sx Sy Va Vt Xr".split())
# Names of others: of the C and C++ library, of the kernel, of programs that a page speaks of.
FOREIGN = {"main", "getaddrinfo", "getpwnam", "PIPE_BUF", "test_"}
EXHIBITS = {"models", "experiments", "lab"}  # read one by one: their signals and times are no one else's
UNLED = {"NAME", "SYNOPSIS", "DESCRIPTION", "SEE ALSO", "CAVEATS"}
FOREIGN_FLAGS = {"--", "-std=c++20"}
COMMAND_ROW = r'^ +\{"([a-z-]+)", "'
FLAG_ROW = r'^ +\{"(--?[a-z-]+)", "'

# One name, or for Cm all words, behind a macro; `part` is the subsection, `item` whether it is a list's tag.
Mention = collections.namedtuple("Mention", "line section part item macro words")


def mentions(page):
    """All that the macros of a page name."""
    section = part = ""
    for number, line in enumerate(page.lines, 1):
        if not line.startswith(".") or line.startswith('.\\"'):
            continue
        words = [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', line[1:])]
        if words[0] in ("Sh", "Ss"):
            title = " ".join(words[1:])
            section, part = (title, "") if words[0] == "Sh" else (section, title)
            yield Mention(number, section, part, False, words[0], [title])
            continue
        yield from (Mention(number, section, part, words[0] == "It", macro, group)
                    for macro, group in grouped(words))


def grouped(words):
    """The words behind each macro of a line; punctuation ends a group and leaves the macro."""
    macro, group = None, []
    for word in words + [","]:
        if word in MACROS or re.fullmatch(r"[.,:;()?!]|\\&.*", word):
            if macro and group:
                yield macro, group
            group = []
            macro = word if word in MACROS else macro
        elif macro:
            group.append(word)


class Books:
    """The pages and the code that they are about."""

    def __init__(self, tree, floors):
        self.tree, self.floors = tree, floors
        self.pages = {path: list(mentions(tree.by_path[path])) if path in tree.by_path else []
                      for path in (COMMAND, LIBRARY, FILE, SOURCE)}
        self.headers = {source.name: public_names.names_of(source.bare) for source in tree.cxx("include")}
        self.types, self.others = {}, set()
        for names in self.headers.values():
            self.types.update(names.types)
            self.others |= names.others
        self.code = Code(tree.cxx("src", "include"))

    def table(self, path, pattern):
        """What stands in a table of the source; the table must be there."""
        source = self.tree.by_path.get(path)
        found = re.findall(pattern, source.text, re.M) if source else []
        if not found:
            raise LookupError(path)
        return found

    def flags(self):
        """Those of all commands; some have a table of their own."""
        paths = ["src/cli/options.cc"] + [path for path in self.tree.by_path
                                          if re.fullmatch(r"src/cli/\w+_flags\.cc", path)]
        return {name for path in paths for name in self.table(path, FLAG_ROW)}

    def lines(self, page, section):
        """The lines of a section, with their numbers."""
        inside = False
        for number, line in enumerate(self.tree.by_path[page].lines, 1):
            if line.startswith(".Sh "):
                inside = line == ".Sh " + section
            elif inside:
                yield number, line

    def named(self, page, macro, section=None, item=None):
        return {mention.words[0]: mention.line for mention in self.pages[page] if mention.macro == macro
                and section in (None, mention.section) and item in (None, mention.item)}


class Code:
    """The words of the source, and those within each type."""

    WORD = re.compile(r"\b[A-Za-z_]\w*")

    def __init__(self, sources):
        self.words, self.texts, self.members, self.bases = set(), set(), {}, {}
        for source in sources:
            self.words |= set(self.WORD.findall(source.bare))
            self.texts |= set(self.WORD.findall(source.text))
            self.take(re.sub(r"alignas\(\w+\)|\[\[.*?\]\]", "", source.bare))

    def take(self, text):
        for found in re.finditer(r"\b(?:class|struct|union|enum|namespace)\b[^;{()]*?(\w+)"
                                 r"(?:\s+final)?(\s*:(?!:)[^;{]*)?\s*\{", text):
            end = public_names.matching(text, found.end() - 1)
            self.members.setdefault(found[1], set()).update(self.WORD.findall(text[found.end():end]))
            self.bases.setdefault(found[1], set()).update(self.WORD.findall(found[2] or ""))
        for owner, name in re.findall(r"\b(\w+)(?:<\w+>)?::(~?\w+)", text):
            self.members.setdefault(owner, set()).add(name)

    def within(self, owner, name):
        return name in self.members.get(owner, ()) or any(
            self.within(base, name) for base in self.bases.get(owner, set()) - {owner})

    def has(self, name):
        """Whether there is such a name, as "run" or "Reactor::run_once"."""
        parts = re.sub(r"<.*?>", "", name).split("::")
        if len(parts) == 1:
            return parts[0] in self.words
        return all(self.within(owner, name) for owner, name in zip(parts, parts[1:]))


def both_ways(page, there, named, what):
    """What is there and not named, and the reverse; `named` has the lines."""
    for name in sorted(set(there) - set(named)):
        yield page, 1, f"{what} {name} is missing"
    for name in sorted(set(named) - set(there)):
        yield page, named[name], f"there is no {what} {name}"


def rule_map(books):
    """oklo-source(7) names each file of src and include/oklo in the list of its room, and no other."""
    rooms = collections.defaultdict(set)
    for source in books.tree.sources:
        if source.parts[0] in ("src", "include") and len(source.parts) > 2:
            directory, name = "/".join(source.parts[:2]), source.parts[2]
            rooms[directory].add(name if len(source.parts) > 3 else source.stem)
    listed = collections.defaultdict(dict)
    for mention in books.pages[SOURCE]:
        if mention.section == "MAP" and mention.macro == "Pa" and mention.item:
            listed[mention.part][mention.words[0]] = mention.line
    for room in sorted(set(rooms) | set(listed)):
        yield from both_ways(SOURCE, rooms[room], listed[room], f"file of {room}")


def rule_commands(books):
    """oklo(1) explains each command, and has it in its synopsis."""
    commands = set(books.table("src/cli/commands.cc", COMMAND_ROW))
    yield from both_ways(COMMAND, commands, books.named(COMMAND, "Cm", "DESCRIPTION", True), "command")
    synopsis = {word for mention in books.pages[COMMAND]
                if mention.section == "SYNOPSIS" and mention.macro == "Cm" for word in mention.words}
    for name in sorted(commands - synopsis):
        yield COMMAND, 1, f"command {name} is missing in the synopsis"


def rule_flags(books):
    """oklo(1) explains each flag; no page speaks of another."""
    flags = books.flags()
    explained = {"-" + name: line for name, line in books.named(COMMAND, "Fl", None, True).items()}
    yield from both_ways(COMMAND, flags, explained, "flag")
    for page, known in books.pages.items():
        for mention in known:
            if mention.macro == "Fl" and "-" + mention.words[0] not in flags | FOREIGN_FLAGS:
                yield page, mention.line, f"there is no flag -{mention.words[0]}"


def shown(source):
    """The lines of a page that are shown as they are written, and the words that stand for a command."""
    literal = False
    for number, line in enumerate(source.lines, 1):
        if line.startswith((".Bd", ".Ed")):
            literal = line.startswith(".Bd")
        elif literal:
            yield number, line
        elif found := re.match(r"\.(?:Cm|Li|Ql) (.*)", line):
            yield number, found[1]


def rule_calls(books):
    """What a page shows can be typed: oklo with a command and its flags, make with a target."""
    commands = set(books.table("src/cli/commands.cc", COMMAND_ROW))
    flags = books.flags()
    targets = set(books.table("Makefile", r"^([a-z]+):"))
    for page in books.pages:
        for number, line in shown(books.tree.by_path[page]):
            for name, words in re.findall(r"(?:^|&& |\()oklo ([a-z-]+)([^;&|)]*)", line):
                if name not in commands:
                    yield page, number, f"there is no command {name}"
                for flag in set(re.findall(r"\s(--?[a-z][a-z-]*)", words.split(" -- ")[0])) - flags:
                    yield page, number, f"there is no flag {flag}"
            for name in re.findall(r"^make (?:[A-Z]+=\S+ )*([a-z]+)", line):
                if name not in targets:
                    yield page, number, f"there is no target {name} of make"


def rule_directives(books):
    """oklo.conf(5) explains each directive; the unit test of config/reference compares word for word."""
    directives = set(books.table("src/config/directive.cc", r'^ +\{"(\w+)", k'))
    yield from both_ways(FILE, directives, books.named(FILE, "Ic", "DIRECTIVES", True), "directive")


def rule_signals(books):
    """oklo(1) explains each signal that the master hears; each other one is named somewhere."""
    lists = books.table("src/process/master.cc", r"SignalSource::create\(\*reactor_, \{([^}]*)\}")
    heard = {re.sub(r"SIG|\s", "", name) for name in ",".join(lists).split(",")} - {"CHLD"}
    explained = {}
    for number, line in books.lines(COMMAND, "SIGNALS"):
        if line.startswith(".It "):
            explained.update({name: number for name in re.findall(r"[A-Z][A-Z0-9+]+", line)})
    yield from both_ways(COMMAND, heard, explained, "signal")
    text = "\n".join(books.tree.by_path[page].text for page in books.pages)
    for source in books.tree.cxx("src"):
        if source.room in EXHIBITS:
            continue
        for name in sorted(set(re.findall(r"\bSIG([A-Z][A-Z0-9]+)\b", source.bare)) - {"CHLD"}):
            if not re.search(rf"\b(SIG)?{name}\b", text):
                yield SOURCE, 1, f"signal SIG{name} of {source.path} is missing"


def rule_exits(books):
    """oklo(1) and, but for 0, oklo(3) explain each exit code."""
    codes = set(books.table("src/cli/commands.h", r"constexpr int k\w+ = (\d+);"))
    codes |= set(books.table("src/process/exit_code.h", r"constexpr int kExit\w+ = (\d+);"))
    for page, section, wanted in ((COMMAND, "EXIT STATUS", codes), (LIBRARY, "RETURN VALUES", codes - {"0"})):
        explained = {line[4:]: number for number, line in books.lines(page, section)
                     if re.fullmatch(r"\.It \d+", line)}
        yield from both_ways(page, wanted, explained, "exit code")


def rule_metrics(books):
    """oklo(1) explains each counter that Prometheus may read."""
    names = set(books.table("src/process/status_metrics.cc", r'"(oklo_[a-z_]+)"'))
    explained = {name: number for number, line in books.lines(COMMAND, "METRICS")
                 for name in re.findall(r"\boklo_[a-z_]+", line)}
    yield from both_ways(COMMAND, names, explained, "counter")


def rule_examples(books):
    """oklo(3) names each example program."""
    examples = {source.name for source in books.tree.sources if source.path.startswith("tests/examples/")}
    yield from both_ways(LIBRARY, examples, books.named(LIBRARY, "Pa", "EXAMPLES", True), "example")


def rule_names(books):
    """The reference of oklo(3) has each name of each public header, at its header and its type."""
    for path in sorted(source.path for source in books.tree.cxx("include")):
        title, names = path.removeprefix("include/"), books.headers[path.split("/")[-1]]
        part = [mention for mention in books.pages[LIBRARY]
                if mention.section == "REFERENCE" and mention.part == title]
        if not part and (names.types or names.others):
            yield LIBRARY, 1, f"the header {title} is missing in the reference"
            continue
        types = {mention.words[0]: mention.line for mention in part if mention.macro == "Vt" and mention.item}
        wanted = {name for name in names.types if "::" not in name or names.types[name]}
        yield from both_ways(LIBRARY, wanted, types, f"type of {title}")
        loose = {mention.words[0] for mention in part if mention.item and mention.macro in ("Fn", "Dv")}
        inside = set().union(*(names.types[name] for name in names.types))
        for name in sorted(names.others - loose - inside):
            yield LIBRARY, part[0].line, f"{name} of {title} is missing"
        for name, known in items(part).items():
            yield from members(books, name, names.types.get(name, set()), known)


def items(part):
    """What the text behind each type of a subsection names."""
    found, name = {}, None
    for mention in part:
        if mention.item:
            name = mention.words[0] if mention.macro == "Vt" else name if mention.macro == "Ss" else None
            if name:
                found.setdefault(name, [mention])
        elif name and mention.macro in ("Fn", "Va", "Dv", "Vt"):
            found[name].append(mention)
    return found


def members(books, name, wanted, known):
    """An unqualified name in the text of a type is one of its members, or stands beside all types."""
    named = {mention.words[0] for mention in known}
    for member in sorted(wanted - named):
        yield LIBRARY, known[0].line, f"{name}::{member} is missing"
    for mention in known[1:]:
        word = plain(mention.words[0])
        if "::" not in word and word not in wanted | books.others | set(books.types):
            yield LIBRARY, mention.line, f"there is no {name}::{word}"


def plain(name):
    """A name without what stands around it: const X<Y>& is X."""
    return re.sub(r"<.*>|^const |[&*]|\(\)$|^oklo::|\.\.\.$", "", name).strip()


def rule_gone(books):
    """What a page calls a function, a type, a value or a member is one: of the library, or of the source."""
    for page, known in books.pages.items():
        for mention in known:
            name = plain(" ".join(mention.words) if mention.macro == "Vt" else mention.words[0])
            if name in FOREIGN or name.startswith("std::"):
                continue
            if page == LIBRARY and mention.macro in ("Fn", "Vt", "Dv") and not public(books, name):
                yield page, mention.line, f"there is no public {name}"
            elif mention.macro in ("Fn", "Vt", "Dv") and not books.code.has(name):
                yield page, mention.line, f"there is no {name}"
            elif mention.macro == "Va" and not books.code.has(name) and name not in books.code.texts:
                yield page, mention.line, f"there is no {name}"


def public(books, name):
    *owner, last = name.split("::")
    if owner:
        return last in books.types.get("::".join(owner), ())
    return last in books.others or last in books.types or any(last in known for known in books.types.values())


def rule_bounds(books):
    """oklo-source(7) has each constant that ends in Max or Ms among the bounds, with its file."""
    there, shown_alone = set(), set()
    for source in books.tree.cxx("src", "include"):
        for line in re.findall(r"\bconstexpr [^;(){}]*", source.bare):
            found = {(source.name, name) for name in re.findall(r"\b(k[A-Z]\w*)\s*=", line)}
            there |= found
            shown_alone |= found if source.room in EXHIBITS else set()
    named = set()
    for item in bounds(books.pages[SOURCE]):
        files = {mention.words[0].split("/")[-1] for mention in item if mention.macro == "Pa"}
        for mention in item:
            name = mention.words[0]
            if mention.macro == "Va" and re.match("k[A-Z]", name):
                named |= {(file, name) for file in files}
                if not any((file, name) in there for file in files):
                    yield SOURCE, mention.line, f"there is no bound {name} in the file that stands beside it"
    for file, name in sorted(there - named - shown_alone):
        if re.search(r"(Max|\w{2}Ms)$", name):
            yield SOURCE, 1, f"the bound {name} of {file} is missing"


def bounds(page):
    """What the macros name from each item to the next, in the section of bounds."""
    items = []
    for mention in page:
        if mention.section == "BOUNDS":
            if not items or mention.item and mention.line != items[-1][-1].line or mention.macro == "Ss":
                items.append([])
            items[-1].append(mention)
    return items


def rule_places(books):
    """A file, a section or a page that is pointed to is there."""
    tops = {source.parts[0] for source in books.tree.sources}
    known = {"/".join(source.parts[:end]) for source in books.tree.sources for end in range(1, 9)}
    for page, all_of_it in books.pages.items():
        titles = {mention.words[0] for mention in all_of_it if mention.macro in ("Sh", "Ss")}
        for mention in all_of_it:
            name = mention.words[0]
            if mention.macro == "Sx" and " ".join(mention.words) not in titles:
                yield page, mention.line, f"there is no section {' '.join(mention.words)}"
            if mention.macro == "Pa" and name.split("/")[0] in tops and "/" in name and not re.search(
                    r"[A-Z*]", name) and name not in known:
                yield page, mention.line, f"there is no {name}"
            if mention.macro == "Xr" and name.startswith("oklo") and (
                    f"man/{'.'.join(mention.words)}" not in books.tree.by_path):
                yield page, mention.line, f"there is no page {'.'.join(mention.words)}"


def rule_contents(books):
    """The description of a long page leads to each of its sections."""
    for page in LIBRARY, SOURCE:
        led_to = {" ".join(mention.words) for mention in books.pages[page]
                  if mention.macro == "Sx" and mention.section == "DESCRIPTION"}
        for mention in books.pages[page]:
            if mention.macro == "Sh" and mention.words[0] not in led_to | UNLED:
                yield page, mention.line, f"the description does not lead to {mention.words[0]}"


def rule_rooms(books):
    """oklo-source(7) has each room of src on its floor."""
    rooms = {source.room for source in books.tree.cxx("src") if source.room}
    listed = {}
    for number, line in books.lines(SOURCE, "THE ROOMS"):
        if found := re.fullmatch(r"\.It (\d+) Pa (\w+)", line):
            listed[found[2]] = number
            if books.floors.get(found[2]) != int(found[1]):
                yield SOURCE, number, f"{found[2]} stands on floor {books.floors.get(found[2])}"
    yield from both_ways(SOURCE, rooms, listed, "room")


def findings(tree, floors):
    if not any(path.startswith("man/") for path in tree.by_path):
        return
    books = Books(tree, floors)
    for page in books.pages:
        if page not in tree.by_path:
            yield page, 1, "the page is missing"
            return
    for name, rule in list(globals().items()):
        if name.startswith("rule_"):
            try:
                yield from rule(books)
            except LookupError as table:
                yield str(table), 1, f"what the {name[5:]} of the books are compared with is not there"
