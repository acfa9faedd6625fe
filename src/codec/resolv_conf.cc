#include "codec/resolv_conf.h"

#include <algorithm>
#include <optional>

#include "base/number.h"
#include "codec/dns_message.h"
#include "codec/lines.h"

namespace oklo::codec {
namespace {

// The number behind "NAME:", at least 1 but for ndots.
void read_number(std::string_view word, std::string_view name, unsigned least, unsigned most, unsigned& out) {
  if (!word.starts_with(name)) return;
  std::optional<uint64_t> number = parse_decimal(word.substr(name.size()));
  if (number) out = static_cast<unsigned>(std::clamp<uint64_t>(*number, least, most));
}

void read_option(std::string_view word, ResolvConf& out) {
  read_number(word, "ndots:", 0, ResolvConf::kNdotsMax, out.ndots);
  read_number(word, "timeout:", 1, ResolvConf::kTimeoutMax, out.timeout_s);
  read_number(word, "attempts:", 1, ResolvConf::kAttemptsMax, out.attempts);
  if (word == "rotate") out.rotate = true;
}

void add_search(std::string_view word, ResolvConf& out) {
  if (word.ends_with('.')) word.remove_suffix(1);
  if (out.search.size() < ResolvConf::kSearchMax && !dns_name_fault(word)) out.search.emplace_back(word);
}

// The last one of "search" and "domain" counts.
void read_line(std::string_view line, ResolvConf& out) {
  std::string_view keyword = take_word(line);
  bool search = keyword == "search" || keyword == "domain";
  if (search) out.search.clear();
  for (std::string_view word; !(word = take_word(line)).empty();) {
    if (search) add_search(word, out);
    if (keyword == "options") read_option(word, out);
    bool server = keyword == "nameserver" && out.servers.size() < ResolvConf::kServersMax;
    if (server) out.servers.emplace_back(word);
    if (server || keyword == "domain") return;
  }
}

}  // namespace

// A comment begins with '#' or ';' in the first column.
ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf out;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (!line.starts_with('#') && !line.starts_with(';')) read_line(line, out);
  }
  return out;
}

std::vector<std::string> names_to_try(const ResolvConf& conf, std::string_view name) {
  if (name.ends_with('.')) return {std::string(name.substr(0, name.size() - 1))};
  std::vector<std::string> names;
  for (const std::string& domain : conf.search)
    if (name.size() + 1 + domain.size() <= kDnsNameBytesMax)
      names.push_back(std::string(name).append(".").append(domain));
  auto dots = static_cast<size_t>(std::count(name.begin(), name.end(), '.'));
  names.insert(dots >= conf.ndots ? names.begin() : names.end(), std::string(name));
  return names;
}

}  // namespace oklo::codec
