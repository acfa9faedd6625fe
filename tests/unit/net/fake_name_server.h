#pragma once

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "codec/dns_text.h"
#include "sys/outgoing.h"
#include "sys/socket.h"

// What somebody asked a name server.
struct AskedName {
  explicit AskedName(std::string query) : bytes(std::move(query)) {
    REQUIRE(bytes.size() > 12);
    id = word(0);
    edns = word(10) == 1;
    size_t at = 12;
    for (; bytes[at] != 0; at += 1 + static_cast<size_t>(bytes[at]))
      name.append(name.empty() ? "" : ".").append(bytes, at + 1, static_cast<size_t>(bytes[at]));
    type = word(at + 1);
    question = bytes.substr(12, at + 5 - 12);
  }
  unsigned word(size_t at) const {
    auto byte = [this](size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[i])); };
    return byte(at) << 8 | byte(at + 1);
  }
  // The beginning of a response to it.
  DnsText response(unsigned flags, std::initializer_list<unsigned> counts) const {
    return DnsText().head(id, flags, counts).bytes(question);
  }
  // A response with the address 192.0.2.LAST or 2001:db8::LAST.
  std::string address(char last, unsigned ttl_s = 60) const {
    std::string ip = type == kDnsA ? std::string("\xc0\0\2", 3) : "\x20\1\xd\xb8" + std::string(11, '\0');
    return response(kDnsAnswered, {1, 1, 0, 0}).pointer(kDnsQuestionAt).record(type, ttl_s, ip + last).text();
  }
  std::string failed(unsigned code) const { return response(kDnsAnswered | code, {1, 0, 0, 0}).text(); }
  std::string cut() const { return response(kDnsCut, {1, 0, 0, 0}).text(); }
  std::string no_name(unsigned ttl_s = 60) const { return nothing(kDnsAnswered | 3, ttl_s); }
  std::string no_data(unsigned ttl_s = 60) const { return nothing(kDnsAnswered, ttl_s); }
  std::string nothing(unsigned flags, unsigned ttl_s) const {
    return response(flags, {1, 0, 1, 0}).name("").record(kDnsAuthority, ttl_s, dns_authority(ttl_s)).text();
  }

  std::string bytes;
  std::string question;
  unsigned id = 0;
  std::string name = {};
  unsigned type = 0;
  bool edns = false;
  bool stream = false;
  oklo::sys::Address from = {};
};

// A name server on the loopback that answers as the test says, when it is asked to serve.
class FakeNameServer {
 public:
  // The bytes of the response; empty: none. Over TCP the length is put in front.
  using Answer = std::function<std::string(const AskedName&)>;

  explicit FakeNameServer(Answer answer, const char* host = "127.0.0.1", uint16_t port = 0)
      : answer_(std::move(answer)) {
    for (;;) {
      oklo::sys::Address at = *oklo::sys::numeric_address(host, port);
      tcp_ = oklo::sys::listen_on(at, {}).value();
      address_ = *oklo::sys::local_address(tcp_.get());
      auto udp = oklo::sys::listen_on(address_, {.datagram = true});
      REQUIRE((udp.ok() || port == 0));
      if (!udp) continue;
      udp_ = std::move(udp).value();
      return;
    }
  }

  const oklo::sys::Address& address() const { return address_; }
  uint16_t port() const { return address_.port(); }
  void answer_with(Answer answer) { answer_ = std::move(answer); }
  void close_tcp() { tcp_.reset(); }

  // Answers what is there.
  void serve() {
    while (serve_packet()) {
    }
    accept();
    for (Stream& stream : streams_) serve_stream(stream);
  }
  // A datagram from here.
  void send(const oklo::sys::Address& to, const std::string& bytes) const {
    ::sendto(udp_.get(), bytes.data(), bytes.size(), 0, to.data(), to.size());
  }

  std::vector<AskedName> asked;

 private:
  struct Stream {
    oklo::sys::Fd fd;
    std::string input;
  };

  bool serve_packet() {
    char room[2048];
    sockaddr_storage from;
    socklen_t length = sizeof from;
    ssize_t size = ::recvfrom(udp_.get(), room, sizeof room, 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0) return false;
    AskedName query(std::string(room, static_cast<size_t>(size)));
    query.from = oklo::sys::Address(reinterpret_cast<sockaddr*>(&from), length);
    asked.push_back(query);
    std::string bytes = answer_(query);
    if (!bytes.empty()) send(query.from, bytes);
    return true;
  }
  void accept() {
    oklo::sys::Address peer;
    if (!tcp_) return;
    long fd = oklo::sys::accept_connection(tcp_.get(), peer);
    if (fd >= 0) streams_.push_back({oklo::sys::Fd(static_cast<int>(fd)), {}});
  }
  void serve_stream(Stream& stream) {
    char room[2048];
    ssize_t size = stream.fd ? ::recv(stream.fd.get(), room, sizeof room, MSG_DONTWAIT) : -1;
    if (size > 0) stream.input.append(room, static_cast<size_t>(size));
    bool whole = stream.input.size() > 2 && stream.input.size() == 2u + static_cast<uint8_t>(stream.input[1]);
    if (size <= 0 || !whole) return;
    AskedName query(stream.input.substr(2));
    query.stream = true;
    asked.push_back(query);
    std::string bytes = answer_(query);
    std::string all = DnsText().word(static_cast<unsigned>(bytes.size())).bytes(bytes).text();
    if (bytes.empty()) return stream.fd.reset();
    ssize_t sent = ::send(stream.fd.get(), all.data(), all.size(), MSG_NOSIGNAL);
    REQUIRE(sent == static_cast<ssize_t>(all.size()));
  }

  Answer answer_;
  oklo::sys::Address address_;
  oklo::sys::Fd tcp_;
  oklo::sys::Fd udp_;
  std::vector<Stream> streams_;
};
