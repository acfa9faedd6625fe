// Load for the bench: load PORT CONNECTIONS THREADS SECONDS ANSWER_BYTES MESSAGE [GREETING]
// Each connection to 127.0.0.1 sends MESSAGE, awaits as many bytes as an answer has, and sends it again. A
// greeting is sent first, once, and its answer ends with an empty line. At the end it prints how many answers
// came, in how many seconds, and the 50th and 99th percentile of their times in microseconds.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Plan {
  uint16_t port;
  unsigned connections;
  unsigned threads;
  std::chrono::seconds time;
  size_t answer_bytes;
  std::string_view message;
  std::string_view greeting;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int connect_to(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) fail("connect");
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void send_all(int fd, std::string_view bytes) {
  if (send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) fail("send");
}

void greet(int fd, std::string_view greeting) {
  send_all(fd, greeting);
  std::string answer;
  char byte;
  while (!answer.ends_with("\r\n\r\n")) {
    if (recv(fd, &byte, 1, 0) != 1) fail("greeting");
    answer.push_back(byte);
  }
}

// Some of the connections, in a thread of their own.
class Clients {
 public:
  Clients(const Plan& plan, unsigned count) : plan_(plan), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (unsigned i = 0; i < count; i++) clients_.push_back({connect_to(plan.port), 0, {}});
    for (Client& client : clients_) {
      if (!plan.greeting.empty()) greet(client.fd, plan.greeting);
      epoll_event event = {EPOLLIN, {.ptr = &client}};
      if (epoll_ctl(epoll_, EPOLL_CTL_ADD, client.fd, &event) < 0) fail("epoll_ctl");
    }
  }

  void run() {
    for (Client& client : clients_) ask(client);
    Clock::time_point end = Clock::now() + plan_.time;
    epoll_event events[64];
    while (Clock::now() < end) {
      int count = epoll_wait(epoll_, events, 64, 100);
      for (int i = 0; i < count; i++) take(*static_cast<Client*>(events[i].data.ptr));
    }
  }

  const std::vector<uint32_t>& times_us() const { return times_us_; }

 private:
  struct Client {
    int fd;
    size_t missing;  // bytes of the answer
    Clock::time_point asked;
  };

  void ask(Client& client) {
    client.missing = plan_.answer_bytes;
    client.asked = Clock::now();
    send_all(client.fd, plan_.message);
  }

  void take(Client& client) {
    char bytes[4096];
    ssize_t size = recv(client.fd, bytes, std::min(client.missing, sizeof bytes), MSG_DONTWAIT);
    if (size <= 0) fail("receive");
    client.missing -= static_cast<size_t>(size);
    if (client.missing > 0) return;
    auto passed = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - client.asked);
    times_us_.push_back(static_cast<uint32_t>(passed.count()));
    ask(client);
  }

  const Plan& plan_;
  int epoll_;
  std::vector<Client> clients_;
  std::vector<uint32_t> times_us_;
};

uint32_t percentile(std::vector<uint32_t>& times, size_t percent) {
  auto at = times.begin() + static_cast<std::ptrdiff_t>(times.size() * percent / 100);
  std::nth_element(times.begin(), at, times.end());
  return *at;
}

void run(const Plan& plan) {
  std::vector<Clients> parts;
  parts.reserve(plan.threads);
  for (unsigned i = 0; i < plan.threads; i++)
    parts.emplace_back(plan, plan.connections / plan.threads + (i < plan.connections % plan.threads));
  std::vector<std::thread> threads;
  for (Clients& part : parts) threads.emplace_back([&part] { part.run(); });
  for (std::thread& thread : threads) thread.join();
  std::vector<uint32_t> times;
  for (Clients& part : parts) times.insert(times.end(), part.times_us().begin(), part.times_us().end());
  if (times.empty()) fail("no answer");
  std::printf("%zu %ld %u %u\n", times.size(), static_cast<long>(plan.time.count()), percentile(times, 50),
              percentile(times, 99));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) {
    std::fprintf(stderr, "usage: load PORT CONNECTIONS THREADS SECONDS ANSWER_BYTES MESSAGE [GREETING]\n");
    return 2;
  }
  auto number = [argv](int i) { return static_cast<unsigned>(std::strtoul(argv[i], nullptr, 10)); };
  run({static_cast<uint16_t>(number(1)), number(2), std::max(number(3), 1u), std::chrono::seconds(number(4)),
       number(5), argv[6], argc > 7 ? argv[7] : ""});
}
