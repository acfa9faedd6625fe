#include "http/static_files.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/ascii.h"
#include "base/number.h"
#include "codec/http_response.h"
#include "codec/url.h"
#include "http/byte_ranges.h"
#include "http/directory_listing.h"

namespace oklo::http {

namespace {

constexpr size_t kPathMax = 4096;             // of the kernel
constexpr uint64_t kSmallBytes = 64 * 1024;   // what a file may have to be kept in memory
constexpr uint64_t kFreshMs = 1000;           // for how long the file system is not asked again
constexpr size_t kListedMax = 10'000;
constexpr int kTries = 3;                     // for a file that changes under our hands

// RFC 9110 section 9.3.1: content of a GET has no meaning, and may be an attempt to smuggle a request.
bool has_body(const codec::RequestHead& head) {
  return head.chunked || head.content_length > 0;
}

// "." and ".." are resolved by now, so a segment that begins with a dot is a hidden name.
bool is_hidden(std::string_view path) {
  return path.find("/.") != std::string_view::npos;
}

// The status for an error of opening. A link that leads out of the root (EXDEV) is as if it were not there.
int status_of(long error) {
  switch (-error) {
    case EACCES:
    case EPERM: return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM: return 503;
    case EIO: return 500;
    default: return 404;
  }
}

long open_and_look(int root, const std::string& name, sys::Fd& file, sys::FileInfo& info) {
  long error = sys::open_beneath(root, name.c_str(), file);
  return error < 0 ? error : sys::file_info(file.get(), info);
}

// The name beneath the root of a path that begins with '/'.
std::string name_of(std::string_view path) {
  path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  return path.empty() ? "." : std::string(path);
}

// Whether the conditions of the request settled the answer.
bool answered_by_conditions(Exchange& exchange, const FileVariant& variant) {
  if (!codec::has_conditions(exchange.head)) return false;
  switch (codec::check_conditions(exchange.head, variant.validators(), exchange.clock->wall_s)) {
    case codec::Precondition::proceed: return false;
    case codec::Precondition::failed: exchange.fail(412); return true;
    case codec::Precondition::not_modified: break;
  }
  exchange.status = 304;
  exchange.send_empty(variant.lines_unchanged());
  return true;
}

// A range has a meaning for GET alone: RFC 9110 section 14.2.
bool asks_for_range(const Exchange& exchange, const FileVariant& variant) {
  return exchange.head.has(codec::FieldId::range) && !exchange.is_head() &&
         codec::range_applies(exchange.head, variant.validators(), exchange.clock->wall_s);
}

using Kind = sys::FileInfo::Kind;

// What the file itself says.
constexpr std::string_view kFileFields[] = {"content-type",  "content-encoding", "content-range", "etag",
                                            "last-modified", "accept-ranges",    "location"};

bool is_of_files(std::string_view name) {
  return std::any_of(std::begin(kFileFields), std::end(kFileFields),
                     [name](std::string_view field) { return equal_ignoring_case(field, name); });
}

}  // namespace

StaticFiles::StaticFiles(sys::Fd root, FilesOptions options)
    : root_(std::move(root)), options_(std::move(options)) {
  for (const auto& [name, value] : options_.fields)
    lines_.append(name).append(": ").append(value).append("\r\n");
}

std::string StaticFiles::fault_of(const FilesOptions& options) {
  for (const auto& [name, value] : options.fields) {
    if (!codec::valid_field(name, value)) return "\"" + name + "\" is no field that can be sent";
    if (codec::is_server_field(name) || is_of_files(name)) return "oklo sets the field " + name + " itself";
  }
  return {};
}

Result<std::unique_ptr<StaticFiles>> StaticFiles::open(const std::string& directory, FilesOptions options) {
  if (std::string fault = fault_of(options); !fault.empty()) return Error{0, directory + ": " + fault};
  Result<sys::Fd> root = sys::open_directory(directory);
  if (!root) return std::move(root).error();
  return std::unique_ptr<StaticFiles>(new StaticFiles(std::move(root).value(), std::move(options)));
}

void StaticFiles::serve(Exchange& exchange) {
  if (!lines_.empty()) exchange.fields.append(lines_);
  if (has_body(exchange.head)) return exchange.fail(400, true);
  if (exchange.mount_rest.empty()) return redirect_to_directory(exchange);
  char decoded[kPathMax];
  std::optional<std::string_view> path = codec::decode_path(exchange.mount_rest, decoded);
  if (!path) return exchange.fail(400);
  for (int i = 0; i < kTries; i++) {
    CachedFile* file = cache_.find(*path);
    bool fresh = file && exchange.clock->now_ms - file->checked_ms < kFreshMs;
    if (!fresh) file = look_up(exchange, *path);
    if (!file || send(exchange, *file)) return;
    cache_.erase(*path);
  }
  exchange.fail(503);
}

// What stands at `path` now, or nullptr when the request is answered without a file.
CachedFile* StaticFiles::look_up(Exchange& exchange, std::string_view path) {
  CachedFile* file = nullptr;
  if (is_hidden(path)) exchange.fail(404);
  else file = path.ends_with('/') ? look_up_directory(exchange, path) : look_up_file(exchange, path);
  if (!file) cache_.erase(path);
  return file;
}

CachedFile* StaticFiles::look_up_file(Exchange& exchange, std::string_view path) {
  sys::Fd file;
  sys::FileInfo info;
  long error = open_and_look(root_.get(), name_of(path), file, info);
  if (error >= 0 && info.kind == Kind::regular) return remember(exchange, path, name_of(path), info);
  if (error < 0) exchange.fail(status_of(error));
  else if (info.kind == Kind::directory) redirect_to_directory(exchange);
  else exchange.fail(404);
  return nullptr;
}

CachedFile* StaticFiles::look_up_directory(Exchange& exchange, std::string_view path) {
  std::string index = std::string(path.substr(1)) + options_.index;
  sys::Fd file;
  sys::FileInfo info;
  long error = options_.index.empty() ? -ENOENT : open_and_look(root_.get(), index, file, info);
  if (error >= 0 && info.kind == Kind::regular) return remember(exchange, path, std::move(index), info);
  if (error < 0 && status_of(error) != 404) exchange.fail(status_of(error));
  else send_listing(exchange, path);
  return nullptr;
}

CachedFile* StaticFiles::remember(Exchange& exchange, std::string_view path, std::string name,
                                  const sys::FileInfo& info) {
  FileResource now(root_.get(), std::move(name), info, exchange.clock->wall_s);
  return &cache_.put(path, std::move(now), exchange.clock->now_ms);
}

void StaticFiles::send_listing(Exchange& exchange, std::string_view path) {
  sys::Fd directory;
  sys::FileInfo info;
  long error = open_and_look(root_.get(), name_of(path), directory, info);
  if (error < 0) return exchange.fail(status_of(error));
  if (info.kind != Kind::directory) return exchange.fail(404);
  if (!options_.listing) return exchange.fail(403);
  Result<std::vector<sys::DirectoryEntry>> entries = sys::list_directory(directory.get(), kListedMax);
  if (!entries) return exchange.fail(500);
  bool cut = entries->size() >= kListedMax;
  std::string shown(exchange.head.path().substr(0, exchange.head.path().size() - exchange.mount_rest.size()));
  shown += path;
  BytesRef page = BytesRef::make(directory_listing(shown, path != "/", std::move(*entries), cut));
  exchange.send_shared(page, page.view(), "Content-Type: text/html; charset=utf-8\r\n");
}

// To the same path with a slash at its end. The path is decoded and encoded again: so it holds no second
// slash at its front, which would make it the name of another host (RFC 3986 section 4.2).
void StaticFiles::redirect_to_directory(Exchange& exchange) {
  char decoded[kPathMax];
  std::optional<std::string_view> path = codec::decode_path(exchange.head.path(), decoded);
  if (!path) return exchange.fail(400);
  std::string location;
  codec::encode_path(location, *path);
  if (!location.ends_with('/')) location += '/';
  if (exchange.head.has_query) location.append("?").append(exchange.head.query());
  if (!exchange.add_field("Location", location)) return exchange.fail(414);
  exchange.status = 301;
  exchange.send({});
}

// False, with nothing sent, if the file is not the one any more that the cache knows.
bool StaticFiles::send(Exchange& exchange, CachedFile& file) {
  FileVariant& variant = file.resource.choose(exchange.head);
  if (answered_by_conditions(exchange, variant)) return true;
  if (!asks_for_range(exchange, variant)) return send_part(exchange, file, variant, nullptr);
  codec::RangeSet set = codec::parse_range(exchange.head.field(codec::FieldId::range), variant.info.size);
  if (set.kind == codec::RangeSet::Kind::whole) return send_part(exchange, file, variant, nullptr);
  if (set.count == 1) return send_part(exchange, file, variant, &set.ranges[0]);
  if (set.count > 1) return send_parts(exchange, file, variant, set);
  exchange.add_field("Content-Range", "bytes */" + decimal(variant.info.size));
  exchange.fail(416);
  return true;
}

// The whole, or one range of it.
bool StaticFiles::send_part(Exchange& exchange, CachedFile& file, FileVariant& variant,
                            const codec::ByteRange* range) {
  sys::Fd opened;
  bool small = variant.info.size <= kSmallBytes;
  if (small && !variant.content && !load_small(file, variant)) return false;
  if (!small && !file.resource.open(root_.get(), variant, opened)) return false;
  uint64_t first = range ? range->first : 0;
  uint64_t size = range ? range->size() : variant.info.size;
  std::string partial_lines;
  std::string_view lines = variant.lines;
  if (range) {
    partial_lines = content_range_line(*range, variant.info.size) + variant.lines;
    lines = partial_lines;
    exchange.status = 206;
  }
  if (small) exchange.send_shared(variant.content, variant.content_part(first, size), lines);
  else exchange.send_file(std::move(opened), first, size, lines);
  return true;
}

// Several ranges. Each that is sent from a file needs an fd of its own, all of them opened before the
// first byte is written, for then it is too late to find that the file has changed.
bool StaticFiles::send_parts(Exchange& exchange, CachedFile& file, FileVariant& variant,
                             const codec::RangeSet& set) {
  std::array<sys::Fd, codec::kRangesMax> opened;
  bool small = variant.info.size <= kSmallBytes;
  if (small && !variant.content && !load_small(file, variant)) return false;
  for (size_t i = 0; !small && i < set.count; i++)
    if (!file.resource.open(root_.get(), variant, opened[i])) return false;
  uint64_t seed = exchange.clock->now_ms ^ variant.info.inode << 32 ^ variant.info.modified_ns;
  MultipartRanges parts(set, variant.info.size, variant.type(), seed);
  exchange.status = 206;
  exchange.begin_sized(parts.total(), parts.type_line().append(variant.lines_without_type()));
  for (size_t i = 0; i < set.count; i++) {
    const codec::ByteRange& range = set.ranges[i];
    exchange.part(parts.part_head(i));
    if (small) exchange.part_shared(variant.content, variant.content_part(range.first, range.size()));
    else exchange.part_file(std::move(opened[i]), range.first, range.size());
  }
  exchange.part(parts.tail());
  exchange.end_sized();
  return true;
}

bool StaticFiles::load_small(CachedFile& file, FileVariant& variant) {
  if (!file.resource.load(root_.get(), variant)) return false;
  cache_.update(file);
  return true;
}

}  // namespace oklo::http
