#include "sys/steering.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <iterator>

#include "sys/kernel.h"

namespace oklo::sys {

namespace {

long attach(int fd, int option, sock_filter* program, size_t length) {
  sock_fprog given = {static_cast<unsigned short>(length), program};
  return kernel::setsockopt(fd, SOL_SOCKET, option, &given, sizeof given);
}

}  // namespace

long steer_to_first(int fd, uint32_t count) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_RANDOM)),
      BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count),
      BPF_STMT(BPF_RET | BPF_A, 0),
  };
  return attach(fd, SO_ATTACH_REUSEPORT_CBPF, program, std::size(program));
}

long steer_to_all(int fd) {
  int none = 0;
  return kernel::setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &none, sizeof none);
}

// The flags stand in byte 13 of a segment: of SYN and ACK the first one has SYN alone (RFC 9293 section 3.1).
long hold_back_connections(int fd) {
  constexpr uint32_t kFlags = 13, kSyn = 0x02, kSynOrAck = 0x12;
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlags),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kSynOrAck),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kSyn, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
  };
  return attach(fd, SO_ATTACH_FILTER, program, std::size(program));
}

long let_connections_come(int fd) {
  int none = 0;
  return kernel::setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none);
}

void stop_listening(int fd) { (void)kernel::shutdown(fd, SHUT_RDWR); }

}  // namespace oklo::sys
