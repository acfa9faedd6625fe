#include <oklo/http_client.h>

#include <optional>
#include <utility>

#include "http/client_side.h"

namespace oklo {

bool HttpReply::ok() const { return call_.error.empty(); }

std::string_view HttpReply::error() const { return call_.error; }

unsigned HttpReply::status() const { return call_.head.status; }

std::string_view HttpReply::reason() const { return call_.head.reason(); }

std::string_view HttpReply::header(std::string_view name) const { return call_.head.find(name); }

void HttpReply::headers(const Function<void(std::string_view, std::string_view)>& visit) const {
  for (const codec::ReplyHead::Field& field : call_.head.fields)
    visit(call_.head.name(field), call_.head.value(field));
}

std::string_view HttpReply::body() const { return call_.body; }

// Made before a fork it has no side yet; each process makes its own.
struct HttpClient::Parts {
  HttpClientOptions options;
  std::optional<http::ClientSide> side;

  http::ClientSide& here() { return in_this_process(side, options); }
};

HttpClient::HttpClient(HttpClientOptions options) : parts_(new Parts{options, {}}) {}

HttpClient::~HttpClient() = default;

uint64_t HttpClient::get(std::string_view url, Done done) {
  HttpRequest request;
  request.url = url;
  return send(std::move(request), std::move(done));
}

uint64_t HttpClient::send(HttpRequest request, Done done) {
  return parts_->here().ask(std::move(request), std::move(done));
}

bool HttpClient::cancel(uint64_t number) { return parts_->here().cancel(number); }

}  // namespace oklo
