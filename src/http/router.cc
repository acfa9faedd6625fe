#include <oklo/router.h>

#include <algorithm>

#include "codec/metrics_text.h"
#include "http/exchange.h"
#include "http/form_upload.h"
#include "http/route_table.h"
#include "sys/address.h"

namespace oklo {

using codec::Method;
using http::RouteTable;

namespace {

bool is_from_here(const Request& request) {
  const uint8_t* ip = http::Exchange::of(request).peer_ip;
  return !ip || sys::Address::from_ip(ip, 0).is_loopback();
}

}  // namespace

Router::Router() : table_(std::make_unique<RouteTable>()) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

Router& Router::get(std::string_view pattern, Handler handler) {
  return add(RouteTable::bit(Method::get), pattern, std::move(handler));
}

Router& Router::post(std::string_view pattern, Handler handler) {
  return add(RouteTable::bit(Method::post), pattern, std::move(handler));
}

Router& Router::put(std::string_view pattern, Handler handler) {
  return add(RouteTable::bit(Method::put), pattern, std::move(handler));
}

Router& Router::patch(std::string_view pattern, Handler handler) {
  return add(RouteTable::bit(Method::patch), pattern, std::move(handler));
}

Router& Router::del(std::string_view pattern, Handler handler) {
  return add(RouteTable::bit(Method::del), pattern, std::move(handler));
}

Router& Router::any(std::string_view pattern, Handler handler) {
  return add(RouteTable::kAll, pattern, std::move(handler));
}

Router& Router::add(unsigned methods, std::string_view pattern, Handler handler) {
  table_->add(static_cast<RouteTable::Methods>(methods), pattern).handler = std::move(handler);
  return *this;
}

Router& Router::upload(std::string_view pattern, UploadHandlers handlers) {
  RouteTable::Methods methods = RouteTable::bit(Method::post) | RouteTable::bit(Method::put);
  table_->add(methods, pattern).upload = std::make_unique<UploadHandlers>(std::move(handlers));
  return *this;
}

Router& Router::form(std::string_view pattern, FormHandler handler, FormOptions options) {
  return upload(pattern, http::form_upload(std::move(handler), std::move(options)));
}

Router& Router::files(std::string_view prefix, std::string directory, FilesOptions options) {
  table_->add_files(prefix, std::move(directory), std::move(options));
  return *this;
}

Router& Router::access(std::string_view pattern, const std::vector<std::string>& rules) {
  table_->add_access(pattern, rules);
  return *this;
}

// What it tells is of now.
Router& Router::watch(std::string_view pattern, WatchOptions options, Handler handler) {
  return get(pattern, [options, told = std::move(handler)](const Request& request, Response& response) {
    if (!options.everybody && !is_from_here(request)) return response.fail(403);
    response.header("Cache-Control", "no-store");
    told(request, response);
  });
}

Router& Router::status(std::string_view pattern, WatchOptions options) {
  return watch(pattern, options, [table = table_.get()](const Request&, Response& response) {
    response.json(table->sources.status());
  });
}

Router& Router::metrics(std::string_view pattern, WatchOptions options) {
  return watch(pattern, options, [table = table_.get()](const Request&, Response& response) {
    response.header("Content-Type", codec::MetricsText::kMediaType);
    response.send(table->sources.metrics());
  });
}

Router& Router::connections(std::string_view pattern, WatchOptions options) {
  return watch(pattern, options, [table = table_.get()](const Request& request, Response& response) {
    std::string words(request.query());
    std::replace(words.begin(), words.end(), '&', ' ');
    if (Result<std::string> listed = table->sources.connections(words)) response.json(*listed);
    else response.fail(400);
  });
}

Router& Router::healthz(std::string_view pattern, WatchOptions options) {
  return watch(pattern, options, [](const Request&, Response& response) { response.text("ok\n"); });
}

Router& Router::readyz(std::string_view pattern, WatchOptions options) {
  return watch(pattern, options, [table = table_.get()](const Request&, Response& response) {
    if (table->sources.ready()) response.text("ready\n");
    else response.fail(503);
  });
}

}  // namespace oklo
