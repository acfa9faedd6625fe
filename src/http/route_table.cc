#include "http/route_table.h"

#include <algorithm>

#include "codec/characters.h"
#include "codec/url.h"

namespace oklo::http {

namespace {

// The first part of a path without its leading '/', and what follows it.
struct Split {
  std::string_view part;
  std::string_view rest;  // with its '/', or empty
};

Split split(std::string_view path) {
  size_t slash = 0;
  while (slash < path.size() && path[slash] != '/') slash++;
  return {path.substr(0, slash), path.substr(slash)};
}

// A literal part matches what it is after percent-decoding (RFC 3986 section 6.2.2.2).
bool same_part(std::string_view literal, std::string_view sent) {
  if (literal == sent) return true;
  return sent.find('%') != sent.npos && codec::decode_part(sent) == literal;
}

void add_param(Exchange& exchange, std::string_view name, std::string_view value) {
  if (exchange.param_count == kParamsMax) return;
  std::string& decoded = exchange.params[exchange.param_count].decoded;
  bool escaped = value.find('%') != value.npos;
  if (escaped) decoded = codec::decode_part(value).value_or(std::string(value));
  exchange.params[exchange.param_count].name = name;
  exchange.params[exchange.param_count++].value = escaped ? std::string_view(decoded) : value;
}

}  // namespace

bool is_well_formed(std::string_view pattern) {
  if (!pattern.starts_with('/')) return false;
  size_t star = pattern.find("/*");
  return star == pattern.npos || pattern.find('/', star + 1) == pattern.npos;
}

RouteTable::Node& RouteTable::child(Node& node, std::string_view part) {
  std::unique_ptr<Node>* place = nullptr;
  if (part.starts_with(':')) place = &node.parameter;
  else if (part.starts_with('*')) place = &node.rest;
  if (place) {
    if (!*place) *place = std::make_unique<Node>();
    (*place)->part = part.substr(1);
    return **place;
  }
  for (auto& literal : node.literals)
    if (literal->part == part) return *literal;
  node.literals.push_back(std::make_unique<Node>());
  node.literals.back()->part = part;
  return *node.literals.back();
}

Route& RouteTable::add(Methods methods, std::string_view pattern) {
  routes_.push_back(std::make_unique<Route>());
  Route& route = *routes_.back();
  route.pattern = pattern;
  if (is_well_formed(pattern)) attach(methods, pattern, route);
  else if (malformed_.empty()) malformed_ = pattern.empty() ? "(empty)" : pattern;
  return route;
}

void RouteTable::add_files(std::string_view prefix, std::string directory, FilesOptions options) {
  std::string below(prefix);
  if (!below.ends_with('/')) below += '/';
  Route& route = add(bit(codec::Method::get), below + "*path");
  if (below != prefix && is_well_formed(prefix)) attach(bit(codec::Method::get), prefix, route);
  route.directory = std::move(directory);
  route.files_options = std::move(options);
}

void RouteTable::add_upgrade(std::string_view pattern, std::unique_ptr<UpgradeMaker> maker) {
  Route* route = is_well_formed(pattern) ? place(pattern).by_method[static_cast<size_t>(codec::Method::get)]
                                         : nullptr;
  if (!route) route = &add(bit(codec::Method::get), pattern);
  route->upgrade_maker = std::move(maker);
}

// Files stand behind their prefix as well; rules of their own are stronger.
void RouteTable::add_access(std::string_view pattern, std::span<const std::string> rules) {
  Result<codec::AccessList> list = codec::AccessList::parse(rules);
  if (!list && bad_access_.empty()) bad_access_ = std::string(pattern) + ": " + list.error().text;
  if (!is_well_formed(pattern) && malformed_.empty()) malformed_ = pattern;
  if (!list || !is_well_formed(pattern)) return;
  auto shared = std::make_shared<const codec::AccessList>(std::move(list).value());
  Node& node = place(pattern);
  Node& above = place(pattern.ends_with('/') ? pattern.substr(0, pattern.size() - 1) : pattern);
  if (!above.rest) above.rest = std::make_unique<Node>();
  Node& rest = *above.rest;
  if (!rest.access || rest.access == node.access) rest.access = shared;
  node.access = shared;
  guarded_.push_back({std::string(pattern), node, rest});
}

Result<void> RouteTable::check_access() const {
  if (!bad_access_.empty()) return Error{0, bad_access_};
  for (const Guarded& guarded : guarded_)
    if (!guarded.node.methods && !guarded.rest.methods)
      return Error{0, guarded.pattern + ": there are rules, but no route"};
  return {};
}

bool RouteTable::has_upgrades() const {
  return std::any_of(routes_.begin(), routes_.end(),
                     [](auto& route) { return route->upgrade_maker != nullptr; });
}

// Where the pattern ends.
RouteTable::Node& RouteTable::place(std::string_view pattern) {
  Node* node = &root_;
  for (std::string_view left = pattern; !left.empty();) {
    Split next = split(left.substr(1));
    node = &child(*node, next.part);
    left = next.rest;
  }
  return *node;
}

void RouteTable::attach(Methods methods, std::string_view pattern, Route& route) {
  Node& node = place(pattern);
  if (pattern.find_first_of(":*") == pattern.npos) remember_exact(pattern, node);
  node.methods |= methods;
  for (size_t i = 0; i < node.by_method.size(); i++) {
    if (!(methods >> i & 1)) continue;
    Route* before = std::exchange(node.by_method[i], &route);
    if (!before || !before->upgrade_maker) continue;
    route.upgrade_maker = std::move(before->upgrade_maker);
    before->replaced = true;
  }
}

// A short path itself, of a longer one a hash, eight characters a step. Who sends paths that meet in one
// place makes the search longer by as many patterns as meet there, and patterns are the program's own.
inline uint64_t RouteTable::key_of(std::string_view path) {
  const char* at = path.data();
  if (path.size() < 8) return codec::load_short(at, path.size());
  const char* last = at + path.size() - 8;
  uint64_t value = path.size();
  for (; at < last; at += 8) value = (value ^ codec::load_word(at)) * kFactor;
  return (value ^ codec::load_word(last)) * kFactor;
}

void RouteTable::remember_exact(std::string_view path, const Node& node) {
  if (find_exact(path)) return;
  if (++exact_count_ * 2 > exact_.size()) {
    std::vector<Exact> old = std::exchange(exact_, std::vector<Exact>(exact_.size() * 2));
    exact_count_ = 1;
    exact_mask_ = exact_.size() - 1;
    for (Exact& exact : old)
      if (exact.node) remember_exact(exact.path, *exact.node);
  }
  size_t at = place_of(key_of(path));
  while (exact_[at].node) at = (at + 1) & exact_mask_;
  exact_[at] = {key_of(path), std::string(path), &node};
}

[[gnu::always_inline]] inline const RouteTable::Node* RouteTable::find_exact(std::string_view path) const {
  uint64_t key = key_of(path);
  for (size_t at = place_of(key);; at = (at + 1) & exact_mask_) {
    const Exact& exact = exact_[at];
    if (!exact.node) return nullptr;
    if (exact.key != key || exact.path.size() != path.size()) continue;
    if (path.size() < 8 || codec::same_text(exact.path.data(), path.data(), path.size())) return exact.node;
  }
}

std::string Route::fault() const {
  if (replaced) return {};
  if (upgrade_maker) return upgrade_maker->fault();
  if (upload && !upload->on_end) return "on_end is missing";
  return handler || upload || !directory.empty() ? "" : "the handler is missing";
}

Result<void> RouteTable::check() const {
  if (!malformed_.empty())
    return Error{0, "bad route pattern \"" + malformed_ +
                        "\": it must begin with '/', and \"*name\" must be its last part"};
  for (const auto& route : routes_)
    if (std::string fault = route->fault(); !fault.empty()) return Error{0, route->pattern + ": " + fault};
  if (routes_.empty()) return Error{0, "it has no route"};
  return check_access();
}

Result<RouteTable::OpenedFiles> RouteTable::open_files() const {
  OpenedFiles opened(routes_.size());
  for (size_t i = 0; i < routes_.size(); i++) {
    if (routes_[i]->directory.empty()) continue;
    Result<std::unique_ptr<StaticFiles>> files =
        StaticFiles::open(routes_[i]->directory, routes_[i]->files_options);
    if (!files) return files.error();
    opened[i] = std::move(files).value();
  }
  return opened;
}

void RouteTable::adopt_files(OpenedFiles opened, std::vector<int>& keep) {
  for (size_t i = 0; i < routes_.size(); i++) {
    if (!opened[i]) continue;
    routes_[i]->files = std::move(opened[i]);
    keep.push_back(routes_[i]->files->root_fd());
  }
}

void RouteTable::make_upgrades(const Endpoint& endpoint) {
  make_upgrades([&endpoint](uint32_t, UpgradeMaker& maker) { return maker.make(endpoint); });
}

void RouteTable::make_upgrades(
    const Function<std::unique_ptr<Upgrade>(uint32_t route, UpgradeMaker&)>& make) {
  each_upgrade_maker(
      [&](uint32_t route, UpgradeMaker& maker) { routes_[route]->upgrade = make(route, maker); });
}

void RouteTable::each_upgrade_maker(const Function<void(uint32_t route, UpgradeMaker&)>& function) const {
  for (uint32_t i = 0; i < routes_.size(); i++)
    if (routes_[i]->upgrade_maker) function(i, *routes_[i]->upgrade_maker);
}

// A path below a node, either empty (the node is where it ends) or beginning with '/'.
const RouteTable::Node* RouteTable::match(const Node& node, std::string_view path, Exchange& exchange) {
  if (path.empty()) return node.methods ? &node : nullptr;
  Split next = split(path.substr(1));
  for (const auto& literal : node.literals)
    if (same_part(literal->part, next.part))
      if (const Node* found = match(*literal, next.rest, exchange)) return found;
  uint8_t params = exchange.param_count;
  if (node.parameter && !next.part.empty()) {
    add_param(exchange, node.parameter->part, next.part);
    if (const Node* found = match(*node.parameter, next.rest, exchange)) return found;
    exchange.param_count = params;
  }
  if (!node.rest || !node.rest->methods) return nullptr;
  exchange.mount_rest = path;
  add_param(exchange, node.rest->part, path.substr(1));
  return node.rest.get();
}

[[gnu::noinline]] const RouteTable::Node* RouteTable::match_root(std::string_view path,
                                                                 Exchange& exchange) const {
  return path[0] == '/' ? match(root_, path, exchange) : nullptr;
}

RouteTable::Methods RouteTable::find(Exchange& exchange) const {
  exchange.route = nullptr;
  exchange.param_count = 0;
  exchange.mount_rest = {};
  std::string_view path = exchange.head.path();
  const Node* node = find_exact(path);
  if (!node) node = match_root(path, exchange);
  exchange.access = node ? node->access.get() : nullptr;
  if (!node) return 0;
  codec::Method method = exchange.head.method;
  exchange.route = node->by_method[static_cast<size_t>(method)];
  if (!exchange.route && method == codec::Method::head)
    exchange.route = node->by_method[static_cast<size_t>(codec::Method::get)];
  return node->methods;
}

}  // namespace oklo::http
