// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Becomes another program under limits that a sandbox or a system administrator may set:
//
//   confine [--refuse-family N]... [--limit-descriptors N] [--limit-memory BYTES] [--limit-tasks N]
//           [--close-standard] COMMAND...
//
// --refuse-family: socket() with this address family fails with EAFNOSUPPORT, as with systemd's
// RestrictAddressFamilies=. --limit-memory: of the address space. --limit-tasks: threads and
// processes of the user, which a user with the number 65534 becomes for it. --close-standard:
// descriptors 0 to 2 are not open.

#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int kFailed = 127;
constexpr unsigned kNobody = 65534;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(kFailed);
}

void limit(__rlimit_resource resource, const char* value) {
  const rlim_t number = std::strtoull(value, nullptr, 10);
  const rlimit both{number, number};
  if (::setrlimit(resource, &both) != 0) fail("setrlimit");
}

sock_filter statement(unsigned code, unsigned value) {
  return {static_cast<unsigned short>(code), 0, 0, value};
}

sock_filter jump_if_not(unsigned value, std::size_t over) {
  return {BPF_JMP | BPF_JEQ | BPF_K, 0, static_cast<unsigned char>(over), value};
}

void refuse_families(const std::vector<unsigned>& families) {
  std::vector<sock_filter> program = {
      statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      jump_if_not(SYS_socket, 1 + 2 * families.size()),
      statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),  // its lower half
  };
  for (const unsigned family : families) {
    program.push_back(jump_if_not(family, 1));
    program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT));
  }
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("PR_SET_NO_NEW_PRIVS");
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) fail("PR_SET_SECCOMP");
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<unsigned> families;
  int at = 1;
  for (; at + 1 < argc && std::string_view(argv[at]).starts_with("--"); ++at) {
    const std::string_view option = argv[at];
    if (option == "--close-standard") {
      for (int fd = 0; fd <= 2; ++fd) ::close(fd);
      continue;
    }
    const char* const value = argv[++at];
    if (option == "--refuse-family") {
      families.push_back(static_cast<unsigned>(std::strtoul(value, nullptr, 10)));
    } else if (option == "--limit-descriptors") {
      limit(RLIMIT_NOFILE, value);
    } else if (option == "--limit-memory") {
      limit(RLIMIT_AS, value);
    } else if (option == "--limit-tasks") {
      limit(RLIMIT_NPROC, value);
      if (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) {
        fail("setuid");
      }
    }
  }
  if (!families.empty()) refuse_families(families);
  ::execvp(argv[at], argv + at);
  fail(argv[at]);
}
