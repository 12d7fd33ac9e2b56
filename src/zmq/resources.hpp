// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>

namespace omzmq {

// libzmq ends the process when it gets no file descriptor or no thread in some places: so what it
// is about to need is looked for first. Nothing here keeps anything, and nothing takes descriptors
// that another thread may need at that moment: a descriptor that is short for a microsecond is a
// connection refused elsewhere.
//
// Threads: any.

/// The number of descriptors that this process may have: its soft RLIMIT_NOFILE.
[[nodiscard]] std::size_t descriptor_limit() noexcept;

/// Counts unused descriptors, up to `most`. Takes some microseconds while there are many, and some
/// nanoseconds for each that the process may have when nearly all are in use.
[[nodiscard]] std::size_t free_descriptors(std::size_t most) noexcept;

/// \throws std::system_error when fewer than `count` are left, or the kernel gives none of the kind
/// that libzmq needs (the whole system has none left, or a sandbox refuses the call)
void require_file_descriptors(std::size_t count);

/// \throws std::system_error when `count` more threads cannot be started
void require_threads(std::size_t count);

}  // namespace omzmq
