// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace omzmq::test {

// Bytes of a process's memory that are in RAM (VmRSS). Throws std::runtime_error when there is no
// such process.
std::size_t resident_bytes(pid_t pid);

// Its open file descriptors.
std::size_t open_descriptors(pid_t pid);

}  // namespace omzmq::test
