#include "http/reply.h"

#include <cstring>
#include <utility>

#include "base/ascii.h"
#include "base/number.h"
#include "codec/chunked.h"
#include "codec/http_response.h"

namespace oklo::http {

namespace {

constexpr std::string_view kLengthName = "Content-Length: ";
constexpr std::string_view kChunkedLine = "Transfer-Encoding: chunked\r\n";
constexpr std::string_view kClose = "Connection: close\r\n";
constexpr std::string_view kKeepAlive = "Connection: keep-alive\r\n";
constexpr size_t kFixedBytesMax = 256;   // status line, server, date, length, connection and the empty line
constexpr size_t kCopyBytesMax = 4096;   // of content into the room that the head has taken
constexpr size_t kFieldsBytesMax = 8192; // that a handler may add

inline char* put(char* out, std::string_view text) {
  if (text.empty()) return out;
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace

bool Reply::add_field(std::string_view name, std::string_view value) {
  if (fields.size() + name.size() + value.size() + 4 > kFieldsBytesMax) return false;
  fields.append(name).append(": ").append(value).append("\r\n");
  return true;
}

inline size_t Reply::head_size_max(std::string_view lines) const {
  return kFixedBytesMax + fields.size() + lines.size();
}

// The status line and the fields that every answer bears.
inline char* Reply::write_start(char* out) const {
  if (status == 200) {
    std::memcpy(out, date_line->start(*clock), DateLine::kBytes);
    return out + DateLine::kBytes;
  }
  out = codec::write_status_line(out, status);
  std::memcpy(out, date_line->fields(*clock), DateLine::kFieldsBytes);
  return out + DateLine::kFieldsBytes;
}

// RFC 9112 section 6: a body is framed by its length, or else by chunks, or else, for HTTP/1.0, by the end
// of the connection.
[[gnu::always_inline]] inline char* Reply::write_head(char* out, std::string_view lines,
                                                         uint64_t length) const {
  out = put(put(write_start(out), fields), lines);
  if (length < kChunked) out = put(write_decimal(put(out, kLengthName), length), "\r\n");
  else if (length == kChunked) out = put(out, kChunkedLine);
  if (!keep_alive) out = put(out, kClose);
  else if (minor_version == 0) out = put(out, kKeepAlive);
  return put(out, "\r\n");
}

void Reply::put_head(std::string_view lines, uint64_t length, std::string_view content) {
  OKLO_ASSERT(!begun);
  begun = true;
  size_t copied = content.size() <= kCopyBytesMax ? content.size() : 0;
  char* start = outlet->room(head_size_max(lines) + copied).data();
  char* end = write_head(start, lines, length);
  if (copied) end = put(end, content);
  outlet->advance(static_cast<size_t>(end - start));
  if (!copied && !content.empty()) outlet->send(content);
}

void Reply::send_shared(const BytesRef& bytes, std::string_view content, std::string_view lines) {
  if (content.size() <= kCopyBytesMax) return send(content, lines);
  begin_sized(content.size(), lines);
  part_shared(bytes, content);
  end_sized();
}

void Reply::send_file(sys::Fd file, uint64_t offset, uint64_t size, std::string_view lines) {
  begin_sized(size, lines);
  part_file(std::move(file), offset, size);
  end_sized();
}

void Reply::send_empty(std::string_view lines) {
  if (begun) return;
  body_bytes = 0;
  put_head(lines, kNone);
  finished = true;
}

void Reply::switch_protocol(std::string_view token) {
  status = 101;
  add_field("Upgrade", token);
  body_bytes = 0;
  put_head("Connection: Upgrade\r\n", kNone);
  finished = true;
}

void Reply::fail(int code, bool close) {
  if (begun) return;
  status = static_cast<uint16_t>(code);
  if (close) keep_alive = false;
  std::string text = decimal(status);
  text.append(" ").append(codec::reason_phrase(status)).append("\n");
  send(text, "Content-Type: text/plain; charset=utf-8\r\n");
}

void Reply::begin_sized(uint64_t size, std::string_view lines) {
  put_head(lines, size);
  body_bytes = is_head() ? 0 : size;
}

void Reply::part(std::string_view bytes) {
  if (!is_head()) outlet->send(bytes);
}

void Reply::part_shared(const BytesRef& bytes, std::string_view view) {
  if (!is_head()) outlet->send_shared(bytes, view);
}

void Reply::part_file(sys::Fd file, uint64_t offset, uint64_t size) {
  if (is_head()) return;
  holds_file = true;
  outlet->send_file(std::move(file), offset, size);
}

bool Reply::write(std::string_view piece) {
  if (finished) return false;
  if (!begun && !has_content()) {
    send_empty();
    return true;
  }
  if (!begun) {
    body_chunked = minor_version >= 1;
    if (!body_chunked) keep_alive = false;
    body_bytes = 0;
    trailers_out.clear();
    put_head({}, body_chunked ? kChunked : kNone);
  }
  if (piece.empty() || is_head()) return true;
  body_bytes += piece.size();
  if (!body_chunked) return outlet->send(piece);
  char* room = outlet->room(codec::kChunkHeadBytesMax).data();
  outlet->advance(static_cast<size_t>(codec::write_chunk_head(room, piece.size()) - room));
  return outlet->send(piece) && outlet->send("\r\n");
}

bool Reply::write_event(std::string_view text) {
  if (!begun || finished || text.empty() || is_head() || outlet->queued() > 0) return write(text);
  body_bytes += text.size();
  std::string bytes;
  if (body_chunked) {
    char head[codec::kChunkHeadBytesMax];
    bytes.append(head, codec::write_chunk_head(head, text.size()));
  }
  bytes.append(text);
  if (body_chunked) bytes.append(codec::kChunkEnd);
  BytesRef shared = BytesRef::make(std::move(bytes));
  outlet->send_shared(shared, shared.view());
  return outlet->send({});
}

bool Reply::trailer(std::string_view name, std::string_view value) {
  if (!body_chunked || finished) return false;
  if (!codec::valid_field(name, value) || !codec::trailer_allowed(name)) return false;
  trailers_out.append(name).append(": ").append(value).append("\r\n");
  return true;
}

void Reply::end() {
  if (finished || !write({})) return;
  finished = true;
  if (!body_chunked || is_head()) return;
  outlet->send(codec::kLastChunk);
  outlet->send(trailers_out);
  outlet->send("\r\n");
}

}  // namespace oklo::http
