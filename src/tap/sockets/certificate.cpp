// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/sockets/certificate.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "common/format.hpp"

namespace omzmq::tap {
namespace {

constexpr mode_t kPublicMode = 0644;
constexpr mode_t kSecretMode = 0600;

constexpr std::string_view kPublicHead =
    "# ZeroMQ CURVE certificate, the public part: made by zmqtap keygen.\n"
    "# Give it to whom it concerns, by a way on which nobody can exchange it.\n\n";
constexpr std::string_view kSecretHead =
    "# ZeroMQ CURVE certificate, with the SECRET key: made by zmqtap keygen.\n"
    "# It is for its owner alone: keep it, and keep its permissions.\n\n";

std::string reason() { return std::generic_category().message(errno); }

/// Closes, and unless told that all is well removes, the file that it made.
class NewFile {
 public:
  NewFile(std::string path, mode_t mode)
      : path_(std::move(path)),
        fd_(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)) {
    if (fd_ < 0) {
      throw CertificateError(errno == EEXIST
                                 ? formatted("'{}' is there already: it is left as it is", path_)
                                 : formatted("cannot create '{}': {}", path_, reason()));
    }
  }
  ~NewFile() {
    close(fd_);
    if (!is_kept_) {
      unlink(path_.c_str());
    }
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::string_view text) const {
    if (::write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        fsync(fd_) != 0) {
      throw CertificateError(formatted("cannot write '{}': {}", path_, reason()));
    }
  }
  void keep() noexcept { is_kept_ = true; }

 private:
  std::string path_;
  int fd_;
  bool is_kept_ = false;
};

}  // namespace

Certificate generate_certificate() {
  std::array<char, kKeyCharacters + 1> public_key{};
  std::array<char, kKeyCharacters + 1> secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    throw CertificateError("the libzmq of this machine was built without CURVE");
  }
  return {public_key.data(), secret_key.data()};
}

void save_certificate(const std::string& path, const Certificate& certificate) {
  NewFile secret_file(path + std::string(kSecretSuffix), kSecretMode);
  NewFile public_file(path, kPublicMode);
  secret_file.write(
      formatted("{}metadata\ncurve\n    public-key = \"{}\"\n    secret-key = \"{}\"\n",
                kSecretHead, certificate.public_key, certificate.secret_key));
  public_file.write(formatted("{}metadata\ncurve\n    public-key = \"{}\"\n", kPublicHead,
                              certificate.public_key));
  secret_file.keep();
  public_file.keep();
}

}  // namespace omzmq::tap
