#include "http/directory_listing.h"

#include <algorithm>
#include <array>

#include "base/number.h"
#include "codec/http_date.h"
#include "codec/url.h"

namespace oklo::http {

namespace {

using Kind = sys::FileInfo::Kind;

constexpr std::string_view kStyle =
    "<style>\n"
    ":root { color-scheme: light dark }\n"
    "body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }\n"
    "h1 { font-size: 1.3rem; overflow-wrap: anywhere }\n"
    "table { border-collapse: collapse; width: 100% }\n"
    "th, td { text-align: left; padding: .2rem .8rem .2rem 0; overflow-wrap: anywhere }\n"
    "th:nth-child(2), td:nth-child(2) { text-align: right; white-space: nowrap }\n"
    "@media (max-width: 40rem) { th:nth-child(3), td:nth-child(3) { display: none } }\n"
    "</style>\n";

bool hidden(const sys::DirectoryEntry& entry) {
  return entry.info.kind == Kind::other || entry.name.starts_with('.');
}

bool before(const sys::DirectoryEntry& a, const sys::DirectoryEntry& b) {
  bool a_directory = a.info.kind == Kind::directory;
  bool b_directory = b.info.kind == Kind::directory;
  return a_directory != b_directory ? a_directory : a.name < b.name;
}

// "26 B", "1.5 KiB": three digits at least, one after the point.
std::string readable_size(uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits = {" KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
  if (bytes < 1024) return decimal(bytes) + " B";
  size_t unit = 0;
  while (bytes >= 1024 * 1024) {
    bytes /= 1024;
    unit++;
  }
  std::string text = decimal(bytes / 1024);
  text.append(".").append(decimal(bytes % 1024 * 10 / 1024));
  return text.append(kUnits[unit]);
}

void append_row(std::string& page, const sys::DirectoryEntry& entry) {
  bool directory = entry.info.kind == Kind::directory;
  std::string name = directory ? entry.name + "/" : entry.name;
  char date[codec::kHttpDateBytes];
  codec::write_http_date(date, entry.info.modified_s);
  // "./" keeps a name with a colon from being read as a scheme: RFC 3986 section 4.2.
  page += "<tr><td><a href=\"./";
  codec::encode_path(page, name);
  page += "\">";
  codec::escape_html(page, name);
  page += "</a></td><td>";
  if (!directory) page += readable_size(entry.info.size);
  page.append("</td><td>").append(date, sizeof date).append("</td></tr>\n");
}

}  // namespace

std::string directory_listing(std::string_view path, bool has_parent,
                              std::vector<sys::DirectoryEntry> entries, bool cut) {
  std::erase_if(entries, hidden);
  std::sort(entries.begin(), entries.end(), before);
  std::string title = "Index of ";
  codec::escape_html(title, path);
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  page.append("<title>").append(title).append("</title>\n").append(kStyle).append("</head>\n<body>\n<h1>");
  page.append(title).append("</h1>\n<table>\n<tr><th>Name</th><th>Size</th><th>Last modified</th></tr>\n");
  if (has_parent) page += "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n";
  for (const sys::DirectoryEntry& entry : entries) append_row(page, entry);
  page += "</table>\n";
  if (cut) page += "<p>There is more here than this page lists.</p>\n";
  page += "</body>\n</html>\n";
  return page;
}

}  // namespace oklo::http
