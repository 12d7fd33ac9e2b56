// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// kill -9 of the daemon, under load, with a disk queue before an action that waits for
// acknowledgements.
#include <map>
#include <set>
#include <sstream>

#include "fault_test.hpp"

namespace omzmq::test {
namespace {

using namespace std::string_literals;

constexpr unsigned kPerSecond = 20000;
constexpr std::size_t kSize = 100;

// With checkpointInterval 1 rsyslog's own record of what the queue holds is up to date after each
// message; with its default a kill loses most of the queue.
constexpr const char* kDiskQueue =
    R"(queue.type="Disk" queue.filename="disk" queue.size="1000000" )"
    R"(queue.checkpointInterval="1" queue.dequeueBatchSize="256" queue.timeoutEnqueue="60000" )"
    R"(action.resumeRetryCount="-1" action.resumeInterval="1")";

class KilledDaemon : public FaultTest {
 protected:
  // Runs the daemon under load until the neighbour has some more, and kills it.
  void run_and_kill() {
    constexpr unsigned kMore = 3000;
    start(configuration_);
    Load load(daemon_->input(), {.per_second = kPerSecond, .first = next_, .size = kSize});
    EXPECT_TRUE(wait_until_neighbour_has(neighbour_.different() + kMore));
    daemon_->kill();
    load.stop();
    next_ = load.next();
  }
  // What the neighbour has and the receiver has not.
  unsigned lost() { return how_many_lack(receiver_.numbers(), neighbour_.numbers()); }

  // A line is "msgnum:00000042:xxx epoch".
  TappedReceiver receiver_ = receiver(kAcked, {"--unbuffered", "-f", R"(%s %e\n)"});
  Configuration configuration_ =
      with_faulty(kAcked, R"(batch.maxMessages="100" ack.timeout="1000" )"s + kDiskQueue);
  unsigned next_ = 0;
};

// A message that comes twice comes in another epoch, for the daemon began anew.
testing::AssertionResult repeats_in_other_epochs_only(const std::string& text) {
  std::map<unsigned, std::set<std::string>> epochs_of;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string epoch = line.substr(line.rfind(' ') + 1);
    if (!epochs_of[number_of(line)].insert(epoch).second) {
      return testing::AssertionFailure() << "twice in an epoch: " << line.substr(0, 40);
    }
  }
  return testing::AssertionSuccess();
}

TEST_F(KilledDaemon, LosesNothingThatItsDiskQueueHasTaken) {
  receiver_.start();
  run_and_kill();  // while the receiver reads
  receiver_.pause();
  run_and_kill();  // while it stands still
  receiver_.kill();
  run_and_kill();  // while there is none
  receiver_.start();
  start(configuration_);
  EXPECT_TRUE(wait_until([&] { return lost() == 0; })) << daemon_->standard_error();
  const Counts counts = count_numbers(receiver_.numbers(), next_);
  std::cout << fmt::format("{} at the neighbour, {} received, {} of them again, {} lost\n",
                           neighbour_.different(), counts.received, counts.repeated, lost());
  EXPECT_TRUE(repeats_in_other_epochs_only(receiver_.text()));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_EQ(receiver_.stop(), 0) << receiver_.errors();
}

}  // namespace
}  // namespace omzmq::test
