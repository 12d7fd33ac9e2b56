// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace omzmq::test {

// Reads, as it grows, a file of lines that begin with "msgnum:00000042:". Lines that begin with
// something else, and what follows the last LF, are passed over: that may be a line that is being
// written, or one that a kill has cut. Threads: one.
class NumberedFile {
 public:
  // Goes on with another file; what was read is kept.
  void follow(std::string file);

  // The numbers of all lines so far, in the order in which they were written.
  const std::vector<unsigned>& numbers();
  // How many different ones.
  unsigned different();

 private:
  void read_more();
  void note(unsigned number);

  std::string file_;
  std::size_t offset_ = 0;  // how far it has been read
  std::vector<unsigned> numbers_;
  std::vector<bool> seen_;  // by number
  unsigned different_ = 0;
};

}  // namespace omzmq::test
