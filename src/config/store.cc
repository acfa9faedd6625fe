#include "config/store.h"

#include <algorithm>
#include <iterator>

#include "base/number.h"
#include "codec/http_response.h"
#include "config/files.h"
#include "config/values.h"
#include "process/log_place.h"
#include "ws/websocket_upgrade.h"

namespace oklo::config {

namespace {

constexpr uint64_t kRedirects[] = {301, 302, 303, 307, 308};

// How many words a directive takes, beside its name.
struct Count {
  size_t least;
  size_t most;
};

Count word_count(Type type) {
  switch (type) {
    case Type::mark: return {0, 0};
    case Type::texts:
    case Type::networks:
    case Type::rule: return {1, SIZE_MAX};
    case Type::field: return {2, 2};
    case Type::redirect: return {1, 2};
    default: return {1, 1};
  }
}

class Storing {
 public:
  Storing(Faults& faults, const Directive& directive, const Statement& statement, Target& target,
          std::vector<Claim>& claims)
      : faults_(faults), directive_(directive), words_(statement.words), target_(target), claims_(claims) {}

  void run() {
    Count count = word_count(directive_.type);
    size_t given = words_.size() - 1;
    std::string name(directive_.name);
    if (given < count.least) return faults_.add(words_[0].place, name + " takes " + wanted_by(directive_));
    if (given > count.most) {
      std::string takes = count.most == 0 ? "no word" : wanted_by(directive_) + " and no further word";
      return faults_.add(words_[count.most + 1].place, name + " takes " + takes);
    }
    const Destination& to = directive_.to;
    if (directive_.type == Type::redirect) return redirect();
    if (to.number) return number();
    if (to.text) return text();
    if (to.texts) for (size_t i = 1; i < words_.size(); i++) append(words_[i]);
    if (to.fields) field();
  }

 private:
  void fault(const Word& word, std::string text) { faults_.add(word.place, std::move(text)); }

  // A short word is like too many others.
  void number() {
    const Word& word = words_[1];
    if (std::optional<uint64_t> number = number_for(directive_, word.text))
      return directive_.to.set_number(target_, *number);
    std::string text = std::string(directive_.name) + " takes " + wanted_by(directive_);
    std::string_view near = word.text.size() < 3 ? "" : nearest_choice(directive_, word.text);
    fault(word, near.empty() ? text : text + "; did you mean " + std::string(near) + "?");
  }

  void text() {
    const Word& word = words_[1];
    std::string& to = directive_.to.text(target_);
    auto same = [&word](const Choice& choice) { return choice.word == word.text; };
    bool is_choice = std::any_of(directive_.choices.begin(), directive_.choices.end(), same);
    bool is_zero = !directive_.limits.zero.empty() && word.text == directive_.limits.zero;
    if (is_zero) return to.clear();
    if (std::string wrong = text_fault(directive_, word.text); !wrong.empty()) return fault(word, wrong);
    to = word.text;
    if (!is_choice) settle(word, to);
  }

  // A path is made whole, and what must be there in the host is claimed.
  void settle(const Word& word, std::string& to) {
    switch (directive_.type) {
      case Type::user: return claim(Claim::Kind::user, to, word);
      case Type::group: return claim(Claim::Kind::group, to, word);
      case Type::log: return settle_log(word, to);
      case Type::served: return settle_served(word, to);
      case Type::file: return settle_file(word, to);
      case Type::directory:
        to = whole_path(word);
        return claim(Claim::Kind::directory, to, word);
      default: return;
    }
  }

  void settle_file(const Word& word, std::string& to) {
    to = whole_path(word);
    claim(Claim::Kind::file, to, word);
  }

  void settle_log(const Word& word, std::string& to) {
    Result<LogPlace> log = LogPlace::parse(word.text);
    if (log->kind == LogPlace::Kind::file) settle_file(word, to);
    if (log->kind == LogPlace::Kind::syslog) claim(Claim::Kind::syslog, log->path, word);
  }

  // In another root directory there is no place where the configuration stands.
  void settle_served(const Word& word, std::string& to) {
    const std::string& root = target_.config->server.chroot;
    if (root.empty()) to = whole_path(word);
    else if (!to.starts_with('/')) to.insert(0, "/");
    claims_.push_back({Claim::Kind::directory, to, word.place, root});
  }

  void claim(Claim::Kind kind, const std::string& value, const Word& word) {
    claims_.push_back({kind, value, word.place});
  }

  std::string whole_path(const Word& word) const {
    return path_in(faults_.source(word.place.source), word.text);
  }

  void append(const Word& word) {
    if (std::string wrong = text_fault(directive_, word.text); !wrong.empty()) return fault(word, wrong);
    if (std::string wrong = fault_in_route(word); !wrong.empty()) return fault(word, wrong);
    bool is_rule = directive_.type == Type::rule;
    directive_.to.texts(target_).push_back((is_rule ? words_[0].text + " " : "") + word.text);
  }

  // What WebSockets have against the word, by a route that has it alone.
  std::string fault_in_route(const Word& word) const {
    Listener listener;
    Route route;
    Target alone = {target_.config, &listener, &route};
    if (target_.route) directive_.to.texts(alone).push_back(word.text);
    return ws::fault_of(route.websocket);
  }

  void field() {
    const std::string& name = words_[1].text;
    const std::string& value = words_[2].text;
    if (!codec::valid_field(name, {})) return fault(words_[1], "this is no name of a field");
    if (codec::is_server_field(name)) return fault(words_[1], "oklo sets this field itself");
    if (!codec::valid_field(name, value)) return fault(words_[2], "no field has a control character");
    directive_.to.fields(target_).push_back({name, value});
  }

  void redirect() {
    const Word& url = words_[1];
    if (url.text.empty() || !codec::valid_field("Location", url.text)) return fault(url, "this is no URL");
    target_.route->location = url.text;
    if (words_.size() < 3) return;
    std::optional<uint64_t> status = parse_decimal(words_[2].text);
    if (!status || std::find(std::begin(kRedirects), std::end(kRedirects), *status) == std::end(kRedirects))
      return fault(words_[2], "a redirect has the status 301, 302, 303, 307 or 308");
    target_.route->redirect_status = static_cast<uint32_t>(*status);
  }

  Faults& faults_;
  const Directive& directive_;
  const std::vector<Word>& words_;
  Target& target_;
  std::vector<Claim>& claims_;
};

}  // namespace

void store(Faults& faults, const Directive& directive, const Statement& statement, Target& target,
           std::vector<Claim>& claims) {
  Storing(faults, directive, statement, target, claims).run();
}

}  // namespace oklo::config
