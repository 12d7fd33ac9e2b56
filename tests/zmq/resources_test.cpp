// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/resources.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <system_error>
#include <vector>

#include "support/descriptor_limit.hpp"

namespace omzmq {
namespace {

constexpr std::size_t kLimit = 128;

class Resources : public testing::Test {
 protected:
  ~Resources() override {
    for (const int fd : taken_) ::close(fd);
  }
  void take(std::size_t count) {
    for (; count > 0; --count) taken_.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }

  const test::DescriptorLimit limit_{kLimit};
  std::vector<int> taken_;
};

TEST_F(Resources, CountsDescriptorsThatAreFree) {
  const std::size_t before = free_descriptors(kLimit);
  ASSERT_GT(before, 20U);
  ASSERT_LT(before, kLimit);
  take(10);
  EXPECT_EQ(free_descriptors(kLimit), before - 10);
  EXPECT_EQ(free_descriptors(5), 5U);
}

// Without the fixture: UndefinedBehaviorSanitizer looks at an object with the help of a pipe.
TEST(ResourcesUsedUp, AreCountedWithoutADescriptor) {
  const test::DescriptorLimit limit(kLimit);
  std::vector<int> taken;
  for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken.push_back(fd);
  const std::size_t none = free_descriptors(kLimit);
  ::close(taken.back());
  taken.pop_back();
  const std::size_t one = free_descriptors(kLimit);
  for (const int fd : taken) ::close(fd);
  EXPECT_EQ(none, 0U);
  EXPECT_EQ(one, 1U);
}

TEST_F(Resources, NamesHowManyDescriptorsAreLeft) {
  const std::size_t free = free_descriptors(kLimit);
  EXPECT_NO_THROW(require_file_descriptors(free));
  take(3);
  try {
    require_file_descriptors(free);
    ADD_FAILURE() << "there were enough";
  } catch (const std::system_error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find(std::to_string(free) + " file descriptors are needed"), std::string::npos)
        << text;
    EXPECT_NE(text.find(std::to_string(free - 3) + " of the 128"), std::string::npos) << text;
  }
}

TEST_F(Resources, TriesThreads) { EXPECT_NO_THROW(require_threads(4)); }

}  // namespace
}  // namespace omzmq
