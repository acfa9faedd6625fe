#include "codec/dns_message.h"

#include <doctest/doctest.h>

#include "codec/dns_text.h"
#include "guarded.h"

using namespace oklo::codec;
using Kind = DnsAnswer::Kind;

namespace {

const DnsQuestion kAsked{0x1234, DnsType::a, "www.Example.org"};

DnsAnswer parse(const DnsText& message, const DnsQuestion& question = kAsked) {
  Guarded guarded(message.text());
  return parse_dns_response(guarded.view(), question);
}

DnsText response(unsigned flags, std::initializer_list<unsigned> counts) {
  return DnsText().head(0x1234, flags, counts).question("WWW.example.ORG", kDnsA);
}

std::string text_of(const DnsAnswer& answer) {
  std::string text;
  for (const auto& ip : answer.addresses) {
    for (size_t i = 12; i < 16; i++) text += std::to_string(ip[i]) + (i < 15 ? "." : " ");
    CHECK(ip[10] == 0xff);
  }
  return text;
}

const std::string_view kIpOf{"\xc0\0\2\1", 4};

}  // namespace

TEST_CASE("codec/dns_message: a query is what RFC 1035 and RFC 6891 say") {
  std::string query = encode_dns_query(kAsked, true);
  DnsText wanted = DnsText().head(0x1234, 0x0100, {1, 0, 0, 1}).question("www.example.org", kDnsA);
  std::string plain = wanted.text();
  wanted.bytes(std::string_view("", 1)).word(41).word(1232).bytes(std::string(6, '\0'));
  CHECK(query == wanted.text());
  plain[11] = 0;
  CHECK(encode_dns_query(kAsked, false) == plain);
  CHECK(encode_dns_query({1, DnsType::aaaa, "a"}, false).substr(12) == std::string("\1a\0\0\x1c\0\1", 7));
}

TEST_CASE("codec/dns_message: what a name may be") {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  using Text = std::string_view;
  for (Text name : {Text("a"), Text("_x._tcp.EXAMPLE.org"), Text("3.4.x-y"), Text("xn--bcher-kva.example"),
                    Text(label), Text(longest)})
    CHECK_MESSAGE(dns_name_fault(name) == nullptr, name);
  CHECK(dns_name_fault("") == Text("is empty"));
  for (const char* name : {".", "a..b", ".a", "a."})
    CHECK(dns_name_fault(name) == Text("has an empty label"));
  CHECK(dns_name_fault(label + "a") == Text("has a label of more than 63 characters"));
  CHECK(dns_name_fault(longest + "b") == Text("has more than 253 characters"));
  CHECK(Text(dns_name_fault("b\xc3\xbc" "cher.example")).starts_with("is not ASCII"));
  for (const char* name : {"a b", "a\n", "a/b", "a:80", "[::1]", "a%", "*"})
    CHECK(dns_name_fault(name) == Text("has a character that no host name has"));
}

TEST_CASE("codec/dns_message: addresses, with names in any case and compressed") {
  DnsText message = response(kDnsAnswered, {1, 2, 0, 1});
  message.pointer(kDnsQuestionAt).record(kDnsA, 300, kIpOf);
  message.name("wWw.eXample.org").record(kDnsA, 200, std::string_view("\xc0\0\2\2", 4));
  message.name("").word(41).word(1232).bytes(std::string(6, '\0'));
  DnsAnswer answer = parse(message);
  CHECK(answer.kind == Kind::addresses);
  CHECK(answer.ttl_s == 200);
  CHECK(text_of(answer) == "192.0.2.1 192.0.2.2 ");
}

TEST_CASE("codec/dns_message: IPv6, with a record of another type between") {
  DnsText message = DnsText().head(7, kDnsAnswered, {1, 2, 0, 0}).question("x", kDnsAaaa);
  message.pointer(kDnsQuestionAt).record(kDnsA, 1, kIpOf);
  std::string ip = "\x20\1\xd\xb8" + std::string(11, '\0') + "\1";
  message.pointer(kDnsQuestionAt).record(kDnsAaaa, 0x80000001, ip);
  DnsAnswer answer = parse(message, {7, DnsType::aaaa, "x"});
  REQUIRE(answer.addresses.size() == 1);
  CHECK(std::string(answer.addresses[0].begin(), answer.addresses[0].end()) == ip);
  CHECK(answer.ttl_s == 0);  // RFC 2181 section 8
}

TEST_CASE("codec/dns_message: aliases are followed in any order, and addresses of others don't count") {
  std::string b = DnsText().name("b").text(), c = DnsText().name("c").text();
  DnsText message = response(kDnsAnswered, {1, 4, 0, 0});
  message.name("c").record(kDnsA, 300, kIpOf);
  message.name("B").record(kDnsAlias, 20, c);
  message.pointer(kDnsQuestionAt).record(kDnsAlias, 100, b);
  message.name("d").record(kDnsA, 1, std::string_view("\1\1\1\1", 4));
  DnsAnswer answer = parse(message);
  CHECK(answer.kind == Kind::addresses);
  CHECK(text_of(answer) == "192.0.2.1 ");
  CHECK(answer.ttl_s == 20);
}

TEST_CASE("codec/dns_message: eight aliases in a row, and no more, and no circle") {
  for (unsigned count : {8u, 9u}) {
    DnsText message = response(kDnsAnswered, {1, count + 1, 0, 0});
    std::string owner = "www.example.org";
    for (unsigned i = 0; i < count; i++) {
      std::string next = "n" + std::to_string(i);
      message.name(owner).record(kDnsAlias, 60, DnsText().name(next).text());
      owner = next;
    }
    message.name(owner).record(kDnsA, 60, kIpOf);
    CHECK(parse(message).kind == (count == 8 ? Kind::addresses : Kind::malformed));
  }
  DnsText circle = response(kDnsAnswered, {1, 2, 0, 0});
  circle.pointer(kDnsQuestionAt).record(kDnsAlias, 60, DnsText().name("b").text());
  circle.name("b").record(kDnsAlias, 60, DnsText().name("www.example.org").text());
  CHECK(parse(circle).kind == Kind::malformed);
}

TEST_CASE("codec/dns_message: nothing is there, as long as the SOA says") {
  DnsText no_name = response(kDnsAnswered | 3, {1, 0, 1, 0});
  no_name.name("org").record(kDnsAuthority, 900, dns_authority(70));
  CHECK(parse(no_name).kind == Kind::no_name);
  CHECK(parse(no_name).ttl_s == 70);
  DnsText no_data = response(kDnsAnswered, {1, 0, 1, 0});
  no_data.name("org").record(kDnsAuthority, 50, dns_authority(70));
  CHECK(parse(no_data).kind == Kind::no_data);
  CHECK(parse(no_data).ttl_s == 50);
  CHECK(parse(response(kDnsAnswered | 3, {1, 0, 0, 0})).ttl_s == 0);
  DnsText alias_to_nothing = response(kDnsAnswered, {1, 1, 0, 0});
  alias_to_nothing.pointer(kDnsQuestionAt).record(kDnsAlias, 60, DnsText().name("b").text());
  CHECK(parse(alias_to_nothing).kind == Kind::no_data);
  DnsText short_authority = response(kDnsAnswered, {1, 0, 1, 0});
  short_authority.name("org").record(kDnsAuthority, 50, dns_authority(70).substr(1));
  CHECK(parse(short_authority).kind == Kind::malformed);
}

TEST_CASE("codec/dns_message: what servers can't or won't answer") {
  CHECK(parse(response(kDnsCut, {1, 3, 0, 0})).kind == Kind::truncated);
  CHECK(parse(response(kDnsAnswered | 1, {1, 0, 0, 0})).kind == Kind::format_error);
  CHECK(parse(response(kDnsAnswered | 4, {1, 0, 0, 0})).kind == Kind::format_error);
  CHECK(parse(DnsText().head(0x1234, kDnsAnswered | 1, {0, 0, 0, 0})).kind == Kind::format_error);
  CHECK(parse(response(kDnsAnswered | 2, {1, 0, 0, 0})).kind == Kind::server_failed);
  CHECK(parse(response(kDnsAnswered | 5, {1, 0, 0, 0})).kind == Kind::server_failed);
  DnsText bad_version = response(kDnsAnswered, {1, 0, 0, 1});
  bad_version.name("").word(41).word(1232).bytes(std::string_view("\1\0\0\0\0\0", 6));
  CHECK(parse(bad_version).kind == Kind::server_failed);
}

TEST_CASE("codec/dns_message: what does not answer this question") {
  auto other = [](const DnsText& message) { return parse(message).kind == Kind::other; };
  CHECK(other(DnsText()));
  CHECK(other(DnsText().head(0x1235, kDnsAnswered, {1, 0, 0, 0}).question("www.example.org", kDnsA)));
  CHECK(other(DnsText().head(0x1234, 0x0100, {1, 0, 0, 0}).question("www.example.org", kDnsA)));
  CHECK(other(DnsText().head(0x1234, 0x8980, {1, 0, 0, 0}).question("www.example.org", kDnsA)));
  CHECK(other(DnsText().head(0x1234, kDnsAnswered, {1, 0, 0, 0}).question("www.example.com", kDnsA)));
  CHECK(other(DnsText().head(0x1234, kDnsAnswered, {1, 0, 0, 0}).question("www.example.org", kDnsAaaa)));
  CHECK(other(DnsText().head(0x1234, kDnsAnswered, {1, 0, 0, 0}).name("www.example.org").word(1).word(3)));
  CHECK(other(DnsText().head(0x1234, kDnsAnswered, {2, 0, 0, 0}).question("www.example.org", kDnsA)));
  CHECK(other(DnsText().head(0x1234, kDnsAnswered, {0, 0, 0, 0})));
  CHECK(other(DnsText().head(0x1234, kDnsAnswered, {1, 0, 0, 0}).pointer(kDnsQuestionAt).word(1).word(1)));
}

TEST_CASE("codec/dns_message: pointers lead back or nowhere") {
  auto kind_with = [](auto write_owner) {
    DnsText message = response(kDnsAnswered, {1, 1, 0, 0});
    write_owner(message);
    message.record(kDnsA, 60, kIpOf);
    return parse(message).kind;
  };
  CHECK(kind_with([](DnsText& m) { m.labels("www").pointer(kDnsQuestionAt + 4); }) == Kind::addresses);
  CHECK(kind_with([](DnsText& m) { m.pointer(unsigned(m.size())); }) == Kind::malformed);
  CHECK(kind_with([](DnsText& m) { m.labels("a").pointer(unsigned(m.size() - 2)); }) == Kind::malformed);
  CHECK(kind_with([](DnsText& m) { m.pointer(unsigned(m.size() + 2)); }) == Kind::malformed);
  CHECK(kind_with([](DnsText& m) { m.pointer(0); }) == Kind::malformed);
  CHECK(kind_with([](DnsText& m) { m.pointer(0x3fff); }) == Kind::malformed);
  for (char reserved : {'\x40', '\x80'})
    CHECK(kind_with([&](DnsText& m) { m.bytes({&reserved, 1}).bytes(std::string(64, 'a')); }) ==
          Kind::malformed);
}

TEST_CASE("codec/dns_message: a name that grows by its pointers stays within 255 bytes") {
  DnsText message = DnsText().head(1, kDnsAnswered, {1, 8, 0, 0}).question("a", kDnsA);
  size_t before = kDnsQuestionAt;
  for (int i = 0; i < 8; i++) {
    size_t at = message.size();
    message.labels(std::string(63, 'x')).pointer(static_cast<unsigned>(before)).record(kDnsA, 1, kIpOf);
    before = at;
  }
  CHECK(parse(message, {1, DnsType::a, "a"}).kind == Kind::malformed);
}

TEST_CASE("codec/dns_message: sizes and counts that are wrong") {
  for (size_t size : {0, 3, 5, 16}) {
    DnsText message = response(kDnsAnswered, {1, 1, 0, 0});
    message.pointer(kDnsQuestionAt).record(kDnsA, 60, std::string(size, '\1'));
    CHECK(parse(message).kind == Kind::malformed);
  }
  DnsText more = response(kDnsAnswered, {1, 1, 0, 0});
  more.pointer(kDnsQuestionAt).record(kDnsA, 60, kIpOf).bytes("x");
  CHECK(parse(more).kind == Kind::malformed);
  CHECK(parse(response(kDnsAnswered, {1, 0xffff, 0xffff, 0xffff})).kind == Kind::malformed);
}

TEST_CASE("codec/dns_message: of very many addresses the first 32 are taken, of very many records none") {
  for (unsigned count : {100u, 512u, 513u}) {
    DnsText message = response(kDnsAnswered, {1, count, 0, 0});
    for (unsigned i = 0; i < count; i++) message.pointer(kDnsQuestionAt).record(kDnsA, 60, kIpOf);
    DnsAnswer answer = parse(message);
    CHECK(answer.kind == (count <= kDnsRecordsMax ? Kind::addresses : Kind::malformed));
    CHECK(answer.addresses.size() == (count <= kDnsRecordsMax ? kDnsAddressesMax : 0));
  }
}

TEST_CASE("codec/dns_message: cut at any place it is no answer, and any changed byte is survived") {
  DnsText message = response(kDnsAnswered, {1, 2, 1, 1});
  message.pointer(kDnsQuestionAt).record(kDnsAlias, 100, DnsText().labels("b").pointer(16).text());
  message.labels("b").pointer(16).record(kDnsA, 100, kIpOf);
  message.name("org").record(kDnsAuthority, 50, dns_authority(70));
  message.name("").word(41).word(1232).bytes(std::string(6, '\0'));
  REQUIRE(parse(message).kind == Kind::addresses);
  size_t question_end = response(0, {}).size() + 8;
  for (size_t size = 0; size < message.size(); size++) {
    DnsText cut = DnsText().bytes(std::string_view(message.text()).substr(0, size));
    CHECK(parse(cut).kind == (size < question_end ? Kind::other : Kind::malformed));
  }
  for (size_t at = 0; at < message.size(); at++)
    for (int value = 0; value < 256; value++) {
      std::string changed = message.text();
      changed[at] = static_cast<char>(value);
      CHECK(parse(DnsText().bytes(changed)).addresses.size() <= 1);
    }
}
