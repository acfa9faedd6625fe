#include "config/reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/nearest.h"
#include "config/files.h"
#include "config/framing.h"
#include "config/open_block.h"
#include "config/taken_addresses.h"
#include "http/route_table.h"
#include "http/static_files.h"

namespace oklo::config {

namespace {

constexpr size_t kListenersMax = 256;  // of a server

Block block_of(Listener::Kind kind) {
  switch (kind) {
    case Listener::Kind::http: return kHttp;
    case Listener::Kind::tcp: return kTcp;
    case Listener::Kind::udp: break;
  }
  return kUdp;
}

// The kind that a word means, or is most like.
std::optional<Listener::Kind> kind_near(std::string_view word) {
  std::string_view near = nearest(word, {"http", "tcp", "udp"});
  if (near == "http") return Listener::Kind::http;
  if (near == "tcp") return Listener::Kind::tcp;
  if (near == "udp") return Listener::Kind::udp;
  return std::nullopt;
}

// "files, text or room".
std::string one_of(const std::vector<std::string_view>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); i++)
    text.append(i == 0 ? "" : i + 1 == names.size() ? " or " : ", ").append(names[i]);
  return text;
}

std::string in_block(Block block) { return (block == kTop ? "at " : "in ") + std::string(block_name(block)); }

// In which blocks a directive stands: "in listen tcp or in route"; empty: there is none of that name.
std::string blocks_with(std::string_view name) {
  std::string text;
  for (Block block : kBlocks)
    if (find_directive(name, block)) text += (text.empty() ? "" : " or ") + in_block(block);
  return text;
}

std::string without_names(std::string_view pattern) {
  std::string out;
  bool in_name = false;
  for (char c : pattern) {
    bool begins = (c == ':' || c == '*') && out.ends_with('/');
    if (c == '/') in_name = false;
    if (!in_name) out.push_back(c);
    in_name = in_name || begins;
  }
  return out;
}

// What is wrong with these fields where files are answered with them.
std::string fault_of_files(const std::vector<Field>& fields) {
  FilesOptions options;
  for (const Field& field : fields) options.fields.emplace_back(field.name, field.value);
  return http::StaticFiles::fault_of(options);
}

class Reader {
 public:
  explicit Reader(Faults& faults) : faults_(faults) {}

  // The root comes first, wherever it is said: directories are in it.
  Meaning read(const std::vector<Statement>& statements) {
    OpenBlock top{kTop, {&meaning_.config, nullptr, nullptr}};
    auto is_chroot = [](const Statement& statement) { return statement.name() == "chroot"; };
    for (const Statement& statement : statements)
      if (is_chroot(statement)) read_statement(top, statement);
    for (const Statement& statement : statements)
      if (!is_chroot(statement)) read_statement(top, statement);
    if (!top.place_of("listen") && !top.has_unknown)
      faults_.add("it listens nowhere; as in: listen http :8080 { route / { files /srv/www } }");
    return std::move(meaning_);
  }

 private:
  void read_statement(OpenBlock& open, const Statement& statement) {
    const Directive* directive = find_directive(statement.name(), open.block);
    if (!directive) directive = guess(open, statement);
    if (!directive) return;
    if (!directive->may_repeat())
      if (const Place* before = open.place_of(directive->name))
        return faults_.add(statement.place(), std::string(directive->name) + " was said before, at " +
                                                  faults_.name_of(*before));
    open.seen.push_back({directive, statement.place()});
    if (statement.has_block != directive->has_block())
      faults_.add(statement.place(),
                  std::string(directive->name) +
                      (statement.has_block ? " takes no block" : " wants a block: { ... }"));
    if (directive->type == Type::listen) return read_listener(open, statement);
    if (directive->type == Type::route) return read_route(open, statement);
    if (!statement.broken) store(faults_, *directive, statement, open.target, meaning_.claims);
    if (directive->answer != Answer::none) choose(open, *directive, statement.place());
  }

  // Says what is wrong with a name. Of a block it gives the directive that was meant, so that what stands in
  // it is looked at, too.
  const Directive* guess(OpenBlock& open, const Statement& statement) {
    const std::string& name = statement.name();
    open.has_unknown = true;
    std::vector<std::string_view> here, anywhere;
    for (const Directive& directive : directives())
      (directive.blocks & open.block ? here : anywhere).push_back(directive.name);
    std::string_view near = name;
    if (std::string blocks = blocks_with(name); !blocks.empty()) {
      faults_.add(statement.place(), name + " stands " + blocks + ", not " + in_block(open.block));
    } else {
      near = nearest(name, here);
      if (near.empty()) near = nearest(name, anywhere);
      std::string text = "unknown directive " + name;
      faults_.add(statement.place(),
                  near.empty() ? text : text + "; did you mean " + std::string(near) + "?");
    }
    for (const Directive& directive : directives())
      if (directive.name == near && directive.has_block() && statement.has_block) return &directive;
    return nullptr;
  }

  void choose(OpenBlock& open, const Directive& directive, Place place) {
    if (open.answer)
      return faults_.add(place, "this block has an answer already: " + std::string(open.answer->name));
    open.answer = &directive;
    if (open.target.route) open.target.route->answer = directive.answer;
    else open.target.listener->answer = directive.answer;
  }

  void read_listener(OpenBlock& open, const Statement& statement) {
    const std::vector<Word>& words = statement.words;
    if (words.size() != 3)
      faults_.add(statement.place(),
                  "listen takes http, tcp or udp, and an address, as in: listen http :8080");
    if (words.size() < 2) return;
    std::optional<Listener::Kind> kind = kind_near(words[1].text);
    std::string_view near = kind ? block_name(block_of(*kind)).substr(7) : "";
    if (words[1].text != near)
      faults_.add(words[1].place, "listen takes http, tcp or udp" +
                                      (kind ? "; did you mean " + std::string(near) + "?" : ""));
    if (!kind) return;
    Listener listener;
    listener.kind = *kind;
    if (words.size() > 2 && !statement.broken) take_address(listener, words[2]);
    OpenBlock inner{block_of(*kind), {&meaning_.config, &listener, nullptr}};
    for (const Statement& one : statement.block) read_statement(inner, one);
    finish_listener(inner, statement, listener);
    if (meaning_.config.listeners.size() == kListenersMax)
      faults_.add(statement.place(), "there may be 256 listeners");
    else if (open.block == kTop) meaning_.config.listeners.push_back(std::move(listener));
  }

  void take_address(Listener& listener, const Word& word) {
    constexpr std::string_view kUnix = "unix:";
    listener.address = word.text;
    if (word.text.starts_with(kUnix) && word.text.size() > kUnix.size()) {
      std::string path = path_in(faults_.source(word.place.source), word.text.substr(kUnix.size()));
      listener.address = std::string(kUnix) + path;
      meaning_.claims.push_back({Claim::Kind::file, path, word.place});
    }
    addresses_.take(faults_, listener.address, listener.kind == Listener::Kind::udp, word.place);
  }

  void finish_listener(OpenBlock& open, const Statement& statement, Listener& listener) {
    if (listener.kind == Listener::Kind::http) {
      if (!open.place_of("route") && !open.has_unknown && statement.has_block)
        faults_.add(statement.place(), "this listener has no route; as in: route / { files /srv/www }");
      for (const Route& route : listener.routes)
        if (std::string wrong = fault_of_files(listener.fields);
            route.answer == Answer::files && !wrong.empty())
          return faults_.add(statement.place(), wrong);
      return;
    }
    finish_answer(open, statement);
    if (listener.kind != Listener::Kind::tcp) return;
    settle_framing(faults_, open, listener, statement.place());
    if (listener.stream.low_water <= listener.stream.high_water) return;
    const Place* low = open.place_of("low_water");
    faults_.add(low ? *low : *open.place_of("high_water"), "low_water is above high_water here");
  }

  void read_route(OpenBlock& open, const Statement& statement) {
    const std::vector<Word>& words = statement.words;
    Listener nowhere;
    Listener& listener = open.target.listener ? *open.target.listener : nowhere;
    Route route;
    if (words.size() != 2) faults_.add(statement.place(), "route takes a pattern, as in: route /");
    else if (!statement.broken) take_pattern(open, route, words[1]);
    OpenBlock inner{kRoute, {&meaning_.config, &listener, &route}};
    for (const Statement& one : statement.block) read_statement(inner, one);
    finish_answer(inner, statement);
    if (route.answer == Answer::files && words.size() == 2 && !http::is_well_formed(route.pattern + "/*"))
      faults_.add(words[1].place, "a route of files has no * in its pattern");
    std::string wrong = route.answer == Answer::files ? fault_of_files(route.fields) : "";
    if (!wrong.empty()) faults_.add(statement.place(), wrong);
    listener.routes.push_back(std::move(route));
  }

  void take_pattern(OpenBlock& open, Route& route, const Word& word) {
    route.pattern = word.text;
    if (!http::is_well_formed(word.text))
      return faults_.add(word.place, "a pattern begins with a slash, and *name is its last part");
    std::string plain = without_names(word.text);
    for (const auto& [other, place] : open.routes)
      if (other == plain)
        return faults_.add(word.place, "this pattern is taken at " + faults_.name_of(place));
    open.routes.emplace_back(std::move(plain), word.place);
  }

  // What a block does, and whether its options go with that.
  void finish_answer(const OpenBlock& open, const Statement& statement) {
    if (!statement.has_block || (!open.answer && open.has_unknown)) return;
    if (!open.answer)
      return faults_.add(statement.place(), "this block says nothing of what to do; it takes " +
                                                one_of(names_of_answers(open.block, ~0u)));
    for (const OpenBlock::Seen& seen : open.seen)
      if (unsigned answers = seen.directive->answers; answers && !(answers & bit(open.answer->answer)))
        faults_.add(seen.place, std::string(seen.directive->name) + " goes with " +
                                    one_of(names_of_answers(open.block, answers)) + ", not with " +
                                    std::string(open.answer->name));
  }

  Faults& faults_;
  Meaning meaning_;
  TakenAddresses addresses_;
};

}  // namespace

Meaning read_meaning(Faults& faults, const std::vector<Statement>& statements) {
  return Reader(faults).read(statements);
}

}  // namespace oklo::config
