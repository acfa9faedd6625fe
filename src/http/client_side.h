#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/slot_table.h"
#include "http/client_call.h"
#include "net/client_in_process.h"
#include "net/protocol.h"

namespace oklo::http {

// What an HttpClient is in one process: the calls that are under way, and the connections, also those that
// are kept.
class ClientSide final : public ClientInProcess, public Protocol {
 public:
  // Both outlive it.
  ClientSide(const HttpClientOptions& options, Connector& connector);
  // A call that is under way and a connection are bugs.
  ~ClientSide() override;

  uint64_t ask(HttpRequest request, HttpClient::Done done);
  bool cancel(uint64_t number);

  void on_open(net::Connection& connection) override;
  void on_data(net::Connection& connection) override;
  void on_end(net::Connection& connection) override;
  void on_drained(net::Connection& connection) override;
  void on_deadline(net::Connection& connection) override;
  void on_drain(net::Connection& connection, DrainMode mode) override;
  void on_close(net::Connection& connection, CloseReason reason) override;

 private:
  // What is known of one server while there are connections to it.
  struct Server {
    size_t connections = 0;
    std::vector<ConnectionId> idle;  // the one that was used last stands last
  };
  using Servers = std::map<std::string, Server, std::less<>>;

  struct Session {
    ClientCall* call;  // nullptr: idle
    Servers::value_type* server;
    bool used_before;
  };
  static Session& session_of(net::Connection& connection) { return connection.session<Session>(); }

  ClientCall* find(uint64_t number);
  void begin(uint64_t number);
  void connect(ClientCall& call);
  void take_connection(uint64_t number, ConnectionId id, Result<Connector::Connected> outcome);
  net::Connection* take_idle(std::string_view server);
  void start(net::Connection& connection, ClientCall& call);
  void await(net::Connection& connection, const ClientCall& call);

  bool read(net::Connection& connection, ClientCall& call);
  bool read_head(net::Connection& connection, ClientCall& call);
  bool begin_body(net::Connection& connection, ClientCall& call);
  bool read_chunks(net::Connection& connection, ClientCall& call);
  bool give(net::Connection& connection, ClientCall& call, std::string_view piece);

  void complete(net::Connection& connection, ClientCall& call);
  void keep(net::Connection& connection);
  bool fail(net::Connection& connection, ClientCall& call, std::string_view why);
  void lose(net::Connection& connection, std::string_view why);
  void finish(ClientCall& call, std::string error);

  const HttpClientOptions& options_;
  Endpoint endpoint_;
  Servers servers_;
  SlotTable<ClientCall> calls_;
  uint32_t sequence_ = 0;
  ClientCall* opening_ = nullptr;
};

}  // namespace oklo::http
