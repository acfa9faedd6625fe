#include "codec/websocket_handshake.h"

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "guarded.h"

using namespace oklo::codec;

namespace {

constexpr const char* kKey = "dGhlIHNhbXBsZSBub25jZQ==";             // RFC 6455 section 1.3
constexpr const char* kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
constexpr const char* kUpgrade = "Upgrade: websocket\r\n";
constexpr const char* kConnection = "Connection: Upgrade\r\n";
constexpr const char* kVersion = "Sec-WebSocket-Version: 13\r\n";

std::string key_line(const std::string& key = kKey) { return "Sec-WebSocket-Key: " + key + "\r\n"; }

// A head that is taken, with the bytes that it points into, before an unreadable page.
struct Taken {
  explicit Taken(const std::string& text) : bytes(text), head(std::make_unique<RequestHead>()) {
    REQUIRE(parse_request_head({bytes.data(), bytes.size()}, HeadLimits{}, *head).kind ==
            ParseOutcome::Kind::complete);
  }
  Guarded bytes;
  std::unique_ptr<RequestHead> head;
};

int status_of(const std::string& request) {
  Taken taken(request);
  HandshakeVerdict verdict = check_websocket_request(*taken.head);
  CHECK(std::string_view(verdict.reason).empty() == (verdict.status == 101));
  return verdict.status;
}

// The status of a GET with these fields.
int status(const std::string& fields) { return status_of("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"); }

const std::string kWithoutKey = std::string(kUpgrade) + kConnection + kVersion;
const std::string kWithoutVersion = std::string(kUpgrade) + kConnection + key_line();
const std::string kGood = kWithoutKey + key_line();

std::string chosen(const std::string& lines, std::vector<std::string_view> spoken) {
  Taken taken("GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n");
  return std::string(choose_subprotocol(*taken.head, spoken));
}

using Fields = std::vector<FieldLine>;

const Fields kAnswer = {
    {"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", kAccept}};

// The subprotocol that an answer to an offer of "chat" and "news" chooses; "(refused)" where it is refused.
std::string answered(const Fields& fields, int code = 101) {
  const std::string_view offered[] = {"chat", "news"};
  std::string_view subprotocol = "(unset)";
  std::deque<Guarded> bytes;
  Fields guarded;
  for (const FieldLine& field : fields)
    guarded.push_back({bytes.emplace_back(field.name).view(), bytes.emplace_back(field.value).view()});
  const char* fault = check_websocket_answer(code, guarded, kKey, offered, subprotocol);
  if (fault) CHECK(subprotocol.empty());
  return fault ? "(refused)" : std::string(subprotocol);
}

Fields with(Fields fields, FieldLine line) {
  fields.push_back(line);
  return fields;
}

Fields replaced(size_t at, std::string_view value) {
  Fields fields = kAnswer;
  fields[at].value = value;
  return fields;
}

Fields without(size_t at) {
  Fields fields = kAnswer;
  fields.erase(fields.begin() + static_cast<ptrdiff_t>(at));
  return fields;
}

}  // namespace

TEST_CASE("codec/websocket_handshake: the accept value") {
  WebSocketAccept accept = websocket_accept(kKey);
  CHECK(std::string_view(accept.data(), accept.size()) == kAccept);
  accept = websocket_accept("x3JJHMbDL1EzLkh9GBhXDw==");
  CHECK(std::string_view(accept.data(), accept.size()) == "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
}

TEST_CASE("codec/websocket_handshake: a handshake is accepted") {
  CHECK(status(kGood) == 101);
  CHECK(status(kGood + "Origin: http://a\r\nSec-WebSocket-Extensions: permessage-deflate\r\n") == 101);
  CHECK(status("upgrade: WebSocket\r\nCONNECTION: uPGRADE\r\nsec-websocket-KEY: " + std::string(kKey) +
               "\r\nSec-WebSocket-Version: 13\r\n") == 101);
  CHECK(status(std::string(kUpgrade) + "Connection: keep-alive, Upgrade\r\n" + kVersion + key_line()) == 101);
  CHECK(status(std::string(kUpgrade) + "Connection: keep-alive\r\nConnection: Upgrade\r\n" + kVersion +
               key_line()) == 101);
  CHECK(status("Upgrade: h2c, websocket\r\n" + std::string(kConnection) + kVersion + key_line()) == 101);
  CHECK(status("Upgrade: h2c\r\nUpgrade: websocket\r\n" + std::string(kConnection) + kVersion + key_line()) ==
        101);
  CHECK(status(kGood + "Content-Length: 0\r\n") == 101);
}

TEST_CASE("codec/websocket_handshake: only a GET of HTTP/1.1 that asks for it") {
  for (const char* method : {"POST", "HEAD", "OPTIONS", "PUT"})
    CHECK(status_of(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n" + kGood + "\r\n") == 405);
  CHECK(status_of("GET / HTTP/1.0\r\nHost: a\r\n" + kGood + "\r\n") == 426);
  CHECK(status("") == 426);
  CHECK(status(std::string(kConnection) + kVersion + key_line()) == 426);
  CHECK(status(std::string(kUpgrade) + kVersion + key_line()) == 426);
  CHECK(status("Upgrade: h2c\r\n" + std::string(kConnection) + kVersion + key_line()) == 426);
  CHECK(status("Upgrade: websockets\r\n" + std::string(kConnection) + kVersion + key_line()) == 426);
  CHECK(status(std::string(kUpgrade) + "Connection: close\r\n" + kVersion + key_line()) == 426);
}

TEST_CASE("codec/websocket_handshake: no body") {
  CHECK(status(kGood + "Content-Length: 1\r\n") == 400);
  CHECK(status(kGood + "Transfer-Encoding: chunked\r\n") == 400);
}

TEST_CASE("codec/websocket_handshake: versions") {
  CHECK(status(kWithoutVersion) == 400);
  CHECK(status(kWithoutVersion + kVersion + kVersion) == 400);
  for (const char* version : {"", "12", "14", "8", "0", "-13", "x", "013", "13.0", "13, 8", "8, 13", "255"}) {
    CAPTURE(version);
    CHECK(status(kWithoutVersion + "Sec-WebSocket-Version: " + version + "\r\n") == 426);
  }
}

TEST_CASE("codec/websocket_handshake: keys") {
  CHECK(status(kWithoutKey) == 400);
  CHECK(status(kGood + key_line()) == 400);
  CHECK(status(kWithoutKey + key_line("AAAAAAAAAAAAAAAAAAAAAA==")) == 101);
  CHECK(status(kWithoutKey + key_line("++++////abcdefghij012x==")) == 101);
  for (const char* key : {"", "dGhl", "dGhlIHNhbXBsZSBub25jZTEyMw==", "!!!!!!!!!!!!!!!!!!!!!!==",
                          "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQA=",
                          "dGhlIHNhbXBsZSBub25jZQAA", "dGhlIHNhbXBsZSBub25j=Q==", "dGhlIHNhbXBsZSBub25jZ ==",
                          "dGhlIHNhbXBsZSBub25jZ-==", "\"dGhlIHNhbXBsZSBub25jZQ==\""}) {
    CAPTURE(key);
    CHECK(status(kWithoutKey + key_line(key)) == 400);
  }
}

TEST_CASE("codec/websocket_handshake: the client's order chooses a subprotocol") {
  CHECK(chosen("Sec-WebSocket-Protocol: chat, news\r\n", {"news", "chat"}) == "chat");
  CHECK(chosen("Sec-WebSocket-Protocol: mail, ,news\r\n", {"news", "chat"}) == "news");
  CHECK(chosen("Sec-WebSocket-Protocol: mail\r\nSec-WebSocket-Protocol: news\r\n", {"news"}) == "news");
  CHECK(chosen("Sec-WebSocket-Protocol: Chat\r\n", {"chat"}) == "");
  CHECK(chosen("Sec-WebSocket-Protocol: chat\r\n", {}) == "");
  CHECK(chosen("Sec-WebSocket-Protocol:\r\n", {""}) == "");
  CHECK(chosen("", {"chat"}) == "");
  const std::string_view spoken[] = {"chat"};
  Taken taken("GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Protocol: chat\r\n\r\n");
  CHECK(choose_subprotocol(*taken.head, spoken).data() == spoken[0].data());
}

TEST_CASE("codec/websocket_handshake: a client's key") {
  std::array<char, 16> random;
  std::string_view("the sample nonce").copy(random.data(), random.size());
  WebSocketKey key = websocket_key(random);
  CHECK(std::string_view(key.data(), key.size()) == kKey);
}

TEST_CASE("codec/websocket_handshake: a server's answer") {
  CHECK(answered(kAnswer) == "");
  CHECK(answered({{"UPGRADE", " WebSocket "}, {"connection", "keep-alive, upgrade"},
                  {"sec-websocket-accept", std::string(" ").append(kAccept).append("\t").c_str()},
                  {"Server", "x"}}) == "");
  for (int code : {100, 200, 301, 401, 426, 500}) CHECK(answered(kAnswer, code) == "(refused)");
  for (size_t at = 0; at < kAnswer.size(); at++) {
    CHECK(answered(without(at)) == "(refused)");
    for (const char* value : {"", "x", "websocket, h2c", "close", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo",
                              "s3pplmbiTxaQ9kYGzzhZRbK+xOo=", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo="})
      CHECK(answered(replaced(at, value)) == "(refused)");
  }
  CHECK(answered(with(kAnswer, {"Sec-WebSocket-Accept", kAccept})) == "(refused)");
  CHECK(answered(with(kAnswer, {"Upgrade", "h2c"})) == "(refused)");
  CHECK(answered(with(kAnswer, {"Connection", "x"})) == "");
}

TEST_CASE("codec/websocket_handshake: an answer names only what was offered") {
  CHECK(answered(with(kAnswer, {"Sec-WebSocket-Protocol", "news"})) == "news");
  for (const char* value : {"mail", "News", "", "chat, news"})
    CHECK(answered(with(kAnswer, {"Sec-WebSocket-Protocol", value})) == "(refused)");
  const FieldLine chat = {"Sec-WebSocket-Protocol", "chat"};
  CHECK(answered(with(with(kAnswer, chat), chat)) == "(refused)");
  CHECK(answered(with(kAnswer, {"Sec-WebSocket-Extensions", "permessage-deflate"})) == "(refused)");
  CHECK(answered(with(kAnswer, {"Sec-WebSocket-Extensions", ""})) == "");
}
