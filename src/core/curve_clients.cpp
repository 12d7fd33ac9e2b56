// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/curve_clients.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "common/format.hpp"
#include "common/key_list.hpp"
#include "core/text.hpp"

namespace omzmq {
namespace {

std::shared_ptr<const CurveKeys> read_keys(const std::string& path) {
  return std::make_shared<const CurveKeys>(load_client_keys(path));
}

/// How many of `keys` are not among `others`.
std::size_t count_missing(const CurveKeys& keys, const CurveKeys& others) {
  const auto is_missing = [&](const CurveKey& key) { return !others.contains(key); };
  return static_cast<std::size_t>(std::count_if(keys.begin(), keys.end(), is_missing));
}

}  // namespace

CurveClients::CurveClients(std::string path, const Log& log) : path_(std::move(path)), log_(log) {
  if (path_ != kEverybody) keys_ = read_keys(path_);
}

CurveClients::Keys CurveClients::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

std::size_t CurveClients::size() const {
  const Keys now = keys();
  return now ? now->size() : 0;
}

bool CurveClients::admit(const CurveKey& key, std::string_view address) noexcept {
  const Keys now = keys();
  if (!now || now->contains(key)) return true;
  try {
    tell_refusal(address);
  } catch (const std::exception& error) {
    log_.failure("a client is refused", error.what());
  }
  return false;
}

void CurveClients::tell_refusal(std::string_view address) {
  std::optional<std::uint64_t> before;
  {
    const std::lock_guard lock(mutex_);
    before = refusals_.admit(address, Clock::now());
  }
  if (!before) return;
  log_.warning(formatted("the client at {} is refused: its key is not among curve.clients '{}'{}",
                         to_printable(address), path_, told_suppressed(*before)));
}

void CurveClients::reload() noexcept {
  try {
    const Keys before = keys();
    if (!before) return;
    const Keys now = read_keys(path_);
    {
      const std::lock_guard lock(mutex_);
      keys_ = now;
    }
    const std::size_t added = count_missing(*now, *before);
    const std::size_t removed = count_missing(*before, *now);
    if (added + removed == 0) return;
    log_.info(formatted("curve.clients '{}' has {} keys now: {} added, {} removed", path_,
                        now->size(), added, removed));
  } catch (const std::exception& error) {
    log_.failure("curve.clients stay as they were", error.what());
  }
}

}  // namespace omzmq
