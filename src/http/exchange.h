#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "codec/access_list.h"
#include "codec/http_request.h"
#include "http/reply.h"

#include <oklo/limits.h>
#include <oklo/request.h>

namespace oklo::http {

struct Route;

// A part of the path that a pattern's name matched.
struct Param {
  std::string_view name;
  std::string_view value;
  std::string decoded;  // what `value` views when there were percent escapes
};
inline constexpr size_t kParamsMax = 8;

// One request and its answer, on the side where the handler runs. A session has one for requests that are
// there whole and are answered at once, and takes another from the heap for a body that comes in parts.
struct Exchange : Reply {
  codec::RequestHead head;
  const Route* route = nullptr;
  const codec::AccessList* access = nullptr;  // who may ask for this path; nullptr: all
  std::array<Param, kParamsMax> params;
  uint8_t param_count = 0;
  bool state_in_use = false;
  std::string_view mount_rest;      // for files: the path behind the route's prefix, as it was sent
  std::string_view body;
  std::string trailers;             // lines "name: value\r\n" behind a chunked body
  alignas(8) unsigned char state[kStateBytes];  // zeroed when a handler asks for it first

  // Makes it ready for the request whose head is there; the route is set by RouteTable::find.
  void reset(Outlet& to) {
    Reply::reset(to, head);
    body = {};
    state_in_use = false;
  }

  Request request() { return Request(*this); }
  static const Exchange& of(const Request& request) { return request.exchange_; }
};

}  // namespace oklo::http
