#include <oklo/server.h>

#include <algorithm>

#include "process/master.h"
#include "server/base_worker.h"
#include "server/http_site.h"
#include "sys/process.h"

namespace oklo {

std::string_view version() { return OKLO_VERSION; }

// The server as the master's Application.
struct Server::Parts final : public Application {
  ServerOptions options;
  std::vector<std::unique_ptr<Service>> services;
  Function<void(const std::vector<std::string>&)> on_up_function;

  Result<void> prepare(std::vector<int>& keep) override;
  std::unique_ptr<WorkerService> make_service(WorkerContext& context) override;
  void on_up(const std::vector<sys::Address>& addresses) override;
  MasterOptions master_options() const;
};

// All is opened before anything is replaced: a worker of the running generation that dies after a reload
// that failed is forked from what was there before.
Result<void> Server::Parts::prepare(std::vector<int>& keep) {
  for (auto& service : services)
    if (Result<void> opened = service->open(); !opened) return opened;
  for (auto& service : services) service->adopt(keep);
  return {};
}

std::unique_ptr<WorkerService> Server::Parts::make_service(WorkerContext& context) {
  // Some fds stay free for the files that connections ask for.
  uint64_t limit = sys::file_limit();
  uint64_t reserved = 32 + std::min<uint64_t>(limit / 8, 1024);
  uint64_t own_max = limit > reserved + 8 ? limit - reserved : 8;
  if (options.connections_max)
    own_max = std::min<uint64_t>(own_max, options.connections_max / context.slots + 1);
  return std::make_unique<BaseWorker>(context, services, options.access_log_format,
                                      static_cast<uint32_t>(own_max));
}

void Server::Parts::on_up(const std::vector<sys::Address>& addresses) {
  if (!on_up_function) return;
  std::vector<std::string> texts;
  for (const sys::Address& address : addresses) texts.push_back(address.to_string());
  on_up_function(texts);
}

MasterOptions Server::Parts::master_options() const {
  MasterOptions master;
  master.workers = options.workers;
  for (auto& service : services) master.listen.push_back(service->listen_address());
  master.user = options.user;
  master.control = options.control;
  master.pid_file = options.pid_file;
  master.daemon = options.daemon;
  master.access_log = options.access_log;
  master.shutdown_timeout_ms = options.shutdown_timeout_ms;
  master.connections_max = options.connections_max;
  return master;
}

Server::Server(ServerOptions options) : parts_(std::make_unique<Parts>()) {
  parts_->options = std::move(options);
}
Server::Server(Server&&) noexcept = default;
Server::~Server() = default;

void Server::http(std::string_view address, Router router, HttpLimits limits) {
  parts_->services.push_back(
      std::make_unique<HttpSite>(std::string(address), std::move(router.table_), limits));
}

void Server::on_up(Function<void(const std::vector<std::string>&)> function) {
  parts_->on_up_function = std::move(function);
}

int Server::run() { return run_master(parts_->master_options(), *parts_); }

}  // namespace oklo
