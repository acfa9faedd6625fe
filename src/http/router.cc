#include <oklo/router.h>

#include "http/form_upload.h"
#include "http/route_table.h"

namespace oklo {

using codec::Method;
using http::RouteTable;

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

Router& Router::status(std::string_view pattern) {
  return get(pattern, [table = table_.get()](const Request&, Response& response) {
    response.header("Cache-Control", "no-store");
    response.json(table->status_source());
  });
}

}  // namespace oklo
