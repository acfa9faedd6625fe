#include "http/file_resource.h"

#include <algorithm>
#include <array>

#include "base/number.h"
#include "codec/http_date.h"
#include "codec/mime.h"

namespace oklo::http {

namespace {

struct Sidecar {
  codec::Coding coding;
  std::string_view suffix;
  std::string_view tag;  // in the ETag
};

constexpr std::array<Sidecar, 3> kSidecars = {{
    {codec::Coding::br, ".br", "-br"},
    {codec::Coding::zstd, ".zst", "-zst"},
    {codec::Coding::gzip, ".gz", "-gz"},
}};

const Sidecar* sidecar_of(codec::Coding coding) {
  for (const Sidecar& sidecar : kSidecars)
    if (sidecar.coding == coding) return &sidecar;
  return nullptr;
}

bool same_file(const sys::FileInfo& a, const sys::FileInfo& b) {
  return a.kind == b.kind && a.inode == b.inode && a.device == b.device && a.size == b.size &&
         a.modified_s == b.modified_s && a.modified_ns == b.modified_ns;
}

bool older(const sys::FileInfo& a, const sys::FileInfo& b) {
  return a.modified_s != b.modified_s ? a.modified_s < b.modified_s : a.modified_ns < b.modified_ns;
}

void append_hex(std::string& out, uint64_t value) {
  char digits[16];
  size_t at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[value & 15];
    value >>= 4;
  } while (value);
  out.append(digits + at, sizeof digits - at);
}

// A strong tag: any change of the file or of the coding makes another (RFC 9110 section 8.8.3).
std::string make_etag(codec::Coding coding, const sys::FileInfo& info) {
  std::string etag = "\"";
  append_hex(etag, info.inode);
  etag += '-';
  append_hex(etag, info.size);
  etag += '-';
  append_hex(etag, static_cast<uint64_t>(info.modified_s) * 1'000'000'000 + info.modified_ns);
  if (const Sidecar* sidecar = sidecar_of(coding)) etag += sidecar->tag;
  etag += '"';
  return etag;
}

constexpr std::string_view kTypeName = "Content-Type: ";
constexpr std::string_view kEtagName = "ETag: ";

// Opens what stands at `name` if it is a regular file.
bool open_regular(int root, const std::string& name, sys::Fd& out, sys::FileInfo& info) {
  return sys::open_beneath(root, name.c_str(), out) >= 0 && sys::file_info(out.get(), info) >= 0 &&
         info.kind == sys::FileInfo::Kind::regular;
}

}  // namespace

std::string_view FileVariant::type() const {
  return std::string_view(lines).substr(kTypeName.size(), type_line_size - kTypeName.size() - 2);
}

codec::Validators FileVariant::validators() const {
  return {std::string_view(lines).substr(etag_line_at + kEtagName.size(), etag_size), modified_s};
}

FileResource::FileResource(int root, std::string name, const sys::FileInfo& info, int64_t now_s)
    : name_(std::move(name)), settled_(info.modified_s + 1 < now_s) {
  std::array<sys::FileInfo, kSidecars.size()> found;
  for (size_t i = 0; i < kSidecars.size(); i++) {
    sys::Fd file;
    if (!open_regular(root, name_ + std::string(kSidecars[i].suffix), file, found[i])) continue;
    if (!older(found[i], info)) codings_.add(kSidecars[i].coding);
  }
  add_variant(codec::Coding::identity, info, now_s);
  for (size_t i = 0; i < kSidecars.size(); i++) {
    if (!codings_.has(kSidecars[i].coding)) continue;
    add_variant(kSidecars[i].coding, found[i], now_s);
    if (found[i].modified_s + 1 >= now_s) settled_ = false;
  }
}

void FileResource::add_variant(codec::Coding coding, const sys::FileInfo& info, int64_t now_s) {
  FileVariant& variant = variants_.emplace_back();
  variant.coding = coding;
  variant.info = info;
  // Never after Date (RFC 9110 section 8.8.2.1), nor before a date can be.
  variant.modified_s = std::max<int64_t>(0, std::min(info.modified_s, now_s));
  char date[codec::kHttpDateBytes];
  codec::write_http_date(date, variant.modified_s);
  std::string etag = make_etag(coding, info);
  std::string& lines = variant.lines;
  lines.append(kTypeName).append(codec::media_type(name_)).append("\r\n");
  variant.type_line_size = static_cast<uint16_t>(lines.size());
  lines.append("Accept-Ranges: bytes\r\n");
  if (coding != codec::Coding::identity)
    lines.append("Content-Encoding: ").append(codec::coding_name(coding)).append("\r\n");
  lines.append("Last-Modified: ").append(date, sizeof date).append("\r\n");
  variant.etag_line_at = static_cast<uint16_t>(lines.size());
  variant.etag_size = static_cast<uint16_t>(etag.size());
  lines.append(kEtagName).append(etag).append("\r\n");
  if (!codings_.empty()) lines.append("Vary: Accept-Encoding\r\n");
}

FileVariant& FileResource::choose(const codec::RequestHead& head) {
  if (codings_.empty() || !head.has(codec::FieldId::accept_encoding)) return variants_.front();
  codec::AcceptEncoding accepted;
  for (const codec::Field& field : head.all())
    if (field.id == codec::FieldId::accept_encoding) accepted.add_line(head.value(field));
  codec::Coding coding = accepted.choose(codings_);
  for (FileVariant& variant : variants_)
    if (variant.coding == coding) return variant;
  return variants_.front();
}

bool FileResource::open(int root, const FileVariant& variant, sys::Fd& out) const {
  std::string name = name_;
  if (const Sidecar* sidecar = sidecar_of(variant.coding)) name += sidecar->suffix;
  sys::FileInfo info;
  return open_regular(root, name, out, info) && same_file(info, variant.info);
}

bool FileResource::load(int root, FileVariant& variant) const {
  sys::Fd file;
  if (!open(root, variant, file)) return false;
  std::string content(static_cast<size_t>(variant.info.size), '\0');
  size_t have = 0;
  while (have < content.size()) {
    long got = sys::read_at(file.get(), content.data() + have, content.size() - have, have);
    if (got <= 0) return false;
    have += static_cast<size_t>(got);
  }
  sys::FileInfo after;
  if (sys::file_info(file.get(), after) < 0 || !same_file(after, variant.info)) return false;
  variant.content = BytesRef::make(std::move(content));
  return true;
}

bool FileResource::same_as(const FileResource& other) const {
  auto same = [](const FileVariant& a, const FileVariant& b) {
    return a.coding == b.coding && same_file(a.info, b.info);
  };
  return settled_ && name_ == other.name_ &&
         std::equal(variants_.begin(), variants_.end(), other.variants_.begin(), other.variants_.end(), same);
}

size_t FileResource::bytes() const {
  size_t bytes = sizeof *this + name_.size();
  for (const FileVariant& variant : variants_)
    bytes += sizeof variant + variant.lines.size() + variant.content.view().size();
  return bytes;
}

}  // namespace oklo::http
