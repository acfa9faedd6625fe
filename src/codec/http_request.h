#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace oklo::codec {

enum class Method : uint8_t { get, head, post, put, del, options, patch, trace, connect };

std::string_view method_name(Method method);

// The fields that the server itself looks at; any other is `other`.
enum class FieldId : uint8_t {
  other, host, content_length, transfer_encoding, connection, expect, upgrade, te, trailer,
  range, if_range, if_match, if_none_match, if_modified_since, if_unmodified_since,
  accept_encoding, content_type, cookie, user_agent, referer, origin,
  sec_websocket_key, sec_websocket_version, sec_websocket_protocol, x_forwarded_for,
  count,
};

// Name and value as places in the buffer, which is at most 64 KiB.
struct Field {
  uint16_t name_at = 0;
  uint16_t name_size = 0;
  uint16_t value_at = 0;
  uint16_t value_size = 0;
  FieldId id = FieldId::other;
};

inline constexpr size_t kFieldsMax = 128;

struct HeadLimits {
  uint32_t request_line_bytes = 8192;
  uint32_t fields_bytes = 16384;
  uint32_t fields_count = 100;  // at most kFieldsMax
};

// A parsed request head. It points into the buffer by offsets, so it moves with the bytes: `base` is the
// buffer that the views are made from. Not cleared between requests: parse_request_head sets all but the
// unused tail of `fields`.
struct RequestHead {
  const char* base = nullptr;
  uint32_t size = 0;  // bytes of the head, leading empty lines and the empty line at its end included

  Method method = Method::get;
  uint8_t minor_version = 1;
  bool keep_alive = true;      // what the client asked for, version and Connection considered
  bool close_asked = false;    // Connection: close
  bool upgrade_asked = false;  // Connection: upgrade
  bool expect_continue = false;
  bool chunked = false;
  bool has_content_length = false;
  uint16_t field_count = 0;
  uint64_t content_length = 0;

  // The target without scheme and authority: path (starts with '/', or is "*") and query (without '?').
  uint32_t target_at = 0, target_size = 0;  // as it was written, for the log
  uint32_t path_at = 0, path_size = 0;      // size 0: the path was empty in absolute-form, it means "/"
  uint32_t query_at = 0, query_size = 0;
  bool has_query = false;
  bool absolute_form = false;
  uint32_t host_at = 0, host_size = 0;      // from the target where that has an authority, else from Host

  // Index + 1 of the first field with that id, 0: none. A Range that stands twice counts as none.
  std::array<uint8_t, static_cast<size_t>(FieldId::count)> first;
  std::array<Field, kFieldsMax> fields;

  // The last Host that was found valid, kept from request to request: most clients repeat it.
  std::array<char, 40> valid_host{};
  uint8_t valid_host_size = 0;

  std::string_view view(uint32_t at, uint32_t bytes) const { return {base + at, bytes}; }
  std::string_view path() const { return path_size ? view(path_at, path_size) : std::string_view("/"); }
  std::string_view query() const { return view(query_at, query_size); }
  std::string_view target() const { return view(target_at, target_size); }
  std::string_view host() const { return view(host_at, host_size); }
  std::string_view name(const Field& f) const { return view(f.name_at, f.name_size); }
  std::string_view value(const Field& f) const { return view(f.value_at, f.value_size); }
  bool has(FieldId id) const { return first[static_cast<size_t>(id)] != 0; }
  // The value of the first field with that id, empty where there is none.
  std::string_view field(FieldId id) const {
    uint8_t at = first[static_cast<size_t>(id)];
    return at ? value(fields[at - 1u]) : std::string_view();
  }
  // The value of the first field with that name (any case), or nullptr-data view.
  std::string_view find(std::string_view name) const;
  std::span<const Field> all() const { return {fields.data(), field_count}; }
};

struct ParseOutcome {
  enum class Kind : uint8_t { complete, need_more, bad };
  Kind kind = Kind::need_more;
  uint16_t status = 0;          // with bad: the status of the answer
  const char* reason = "";      // with bad: a few words for the log
};

// Reads one request head from the front of `bytes` (at most 64 KiB). The bytes are changed only where an
// HTTP/1.0 field is folded over lines: the line break becomes spaces (RFC 9112 section 5.2).
ParseOutcome parse_request_head(std::span<char> bytes, const HeadLimits& limits, RequestHead& out);

}  // namespace oklo::codec
