#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/exchange.h"
#include "http/static_files.h"
#include "http/upgrade.h"

#include <oklo/router.h>

namespace oklo::http {

// Whether a pattern begins with '/', and "*name" is its last part, where it has one.
bool is_well_formed(std::string_view pattern);

// What a pattern leads to: one of handler, upload and files, or an upgrade, or an upgrade and one of them for
// requests that do not ask for it.
struct Route {
  std::string pattern;
  Handler handler;
  std::unique_ptr<UploadHandlers> upload;
  std::unique_ptr<StaticFiles> files;
  std::unique_ptr<UpgradeMaker> upgrade_maker;
  std::unique_ptr<Upgrade> upgrade;  // of this worker
  std::string directory;       // what `files` is opened from
  FilesOptions files_options;
  bool replaced = false;       // by one that has its upgrade, too

  bool takes_pieces() const { return upload != nullptr; }
  bool only_upgrades() const { return !handler && !upload && !files; }
  // What is missing or wrong, for whoever made it; empty: nothing.
  std::string fault() const;
};

// What the routes that tell of the service answer with.
struct Sources {
  Function<std::string()> status;
  Function<std::string()> metrics;
  Function<Result<std::string>(std::string_view words)> connections;
  Function<bool()> ready;
};

// The patterns of a Router as a tree of path parts. Built before the workers are forked, the same in all
// of them afterwards.
class RouteTable {
 public:
  using Methods = uint16_t;  // bit n: codec::Method n

  static constexpr Methods bit(codec::Method method) {
    return static_cast<Methods>(1u << static_cast<unsigned>(method));
  }
  static constexpr Methods kAll = (1u << static_cast<unsigned>(codec::Method::trace)) - 1;

  // A route for the methods at the pattern. A malformed pattern is kept as the error that check gives.
  Route& add(Methods methods, std::string_view pattern);
  // Who may ask for what stands at the pattern, for any method, now or later; for that of files, for all of
  // them. A wrong rule is kept as the error that check gives, and so is a pattern without a route.
  void add_access(std::string_view pattern, std::span<const std::string> rules);
  // What is wrong with the routes, or that there are none.
  Result<void> check() const;
  // A route for the files below a prefix, with and without a slash behind it.
  void add_files(std::string_view prefix, std::string directory, FilesOptions options);

  // Requests for GET at the pattern may become another protocol; a handler for others of them stays, whether
  // it was there before or comes later.
  void add_upgrade(std::string_view pattern, std::unique_ptr<UpgradeMaker> maker);
  bool has_upgrades() const;

  // Opens the directories of all files routes anew; nothing changes before adopt_files.
  using OpenedFiles = std::vector<std::unique_ptr<StaticFiles>>;  // one for each route
  Result<OpenedFiles> open_files() const;
  // Their fds are added to `keep`.
  void adopt_files(OpenedFiles opened, std::vector<int>& keep);

  // Makes what routes need to change the protocol of connections of this endpoint; in the worker, once.
  void make_upgrades(const Endpoint& endpoint);
  // The same by who knows better than the makers. The number is that of the route.
  void make_upgrades(const Function<std::unique_ptr<Upgrade>(uint32_t route, UpgradeMaker&)>& make);
  // Calls the function with each maker, and changes nothing.
  void each_upgrade_maker(const Function<void(uint32_t route, UpgradeMaker&)>& function) const;

  // Sets route, access, params and mount_rest of the exchange. The methods that the path has handlers for; 0
  // when no pattern matches it.
  Methods find(Exchange& exchange) const;

  Sources sources;  // set in the worker

 private:
  struct Node {
    std::string part;                         // literal text, or the name of a parameter
    std::vector<std::unique_ptr<Node>> literals;
    std::unique_ptr<Node> parameter;          // ":name"
    std::unique_ptr<Node> rest;               // "*name"
    std::array<Route*, 9> by_method = {};
    Methods methods = 0;
    std::shared_ptr<const codec::AccessList> access;  // nullptr: all may ask
  };

  // A pattern with rules, and what stands below it.
  struct Guarded {
    std::string pattern;
    const Node& node;
    const Node& rest;
  };

  Result<void> check_access() const;
  void attach(Methods methods, std::string_view pattern, Route& route);
  Node& place(std::string_view pattern);
  static Node& child(Node& node, std::string_view part);
  const Node* match_root(std::string_view path, Exchange& exchange) const;
  static const Node* match(const Node& node, std::string_view path, Exchange& exchange);

  // The patterns without parameters, by hash: what most requests ask for needs no walk through the tree.
  static constexpr uint64_t kFactor = 0x9e3779b97f4a7c15;
  struct Exact {
    uint64_t key = 0;
    std::string path;
    const Node* node = nullptr;
  };
  static uint64_t key_of(std::string_view path);
  size_t place_of(uint64_t key) const { return static_cast<size_t>(key * kFactor >> 32) & exact_mask_; }
  void remember_exact(std::string_view path, const Node& node);
  const Node* find_exact(std::string_view path) const;

  std::vector<Exact> exact_ = std::vector<Exact>(16);  // open addressing, at most half full
  size_t exact_mask_ = 15;
  size_t exact_count_ = 0;
  Node root_;
  std::vector<std::unique_ptr<Route>> routes_;
  std::string malformed_;
  std::vector<Guarded> guarded_;
  std::string bad_access_;
};

}  // namespace oklo::http
