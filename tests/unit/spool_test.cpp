// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/spool.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/file_size_limit.hpp"
#include "support/files.hpp"
#include "support/recording_host.hpp"
#include "support/spool_frames.hpp"

namespace omzmq {
namespace {

using test::frame_with;
using test::read_file;
using test::write_file;
using Bodies = std::vector<std::string>;

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    settings_.spool_file = path_;
    settings_.sock_type = SocketType::kPush;
  }

  /// A whole file, or one without its end.
  void write_spool(const std::string& path, const Bodies& bodies, std::uint64_t generation = 1,
                   bool is_whole = true) const {
    const std::string scratch = directory_.file("scratch");
    SpoolWriter writer(
        scratch,
        {.format = settings_.format, .sock_type = *settings_.sock_type, .generation = generation});
    for (const std::string& body : bodies) writer.append(frame_with(body));
    writer.finish();
    writer.commit();
    std::string bytes = read_file(scratch);
    if (!is_whole) bytes.resize(bytes.size() - spool_format::kHeadBytes);
    write_file(path, bytes);
    std::filesystem::remove(scratch);
  }

  static Bodies take(Spool& spool, std::size_t most = 1'000'000) {
    Bodies bodies;
    while (bodies.size() < most && spool.has_more()) {
      const auto frame = spool.next();
      if (!frame) break;
      EXPECT_TRUE(frame->is_replayed);
      bodies.emplace_back(frame->body.view());
    }
    return bodies;
  }

  static Spool::Saved save(Spool& spool, const std::vector<Frame>& older, const Bodies& newer) {
    spool.begin_save();
    for (const Frame& frame : older) spool.save(frame);
    spool.save_rest();
    for (const std::string& body : newer) spool.save(frame_with(body));
    return spool.end_save();
  }

  /// What the next run is given, and then has delivered.
  [[nodiscard]] Bodies replay() const {
    Spool spool(settings_, log_);
    spool.open();
    Bodies bodies = take(spool);
    spool.remove();
    return bodies;
  }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.file(""))) {
      found.push_back(entry.path().filename());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  using Names = std::vector<std::string>;

  test::RecordingHost host_;
  Log log_ = host_.log();
  test::TemporaryDirectory directory_;
  std::string path_ = directory_.file("spool");
  Settings settings_;
};

// ---- The start

TEST_F(SpoolTest, DoesNothingWithoutAPath) {
  settings_.spool_file.clear();
  Spool spool(settings_, log_);
  spool.open();
  EXPECT_FALSE(spool.has_more());
  EXPECT_FALSE(spool.next());
  spool.remove();
  const auto saved = save(spool, {}, {"x"});
  EXPECT_EQ(saved.messages + saved.older + saved.unsaved, 0U);
  EXPECT_TRUE(host_.lines().empty());
  EXPECT_TRUE(names().empty());
}

TEST_F(SpoolTest, TouchesAndSaysNothingWhenThereIsNothing) {
  Spool spool(settings_, log_);
  spool.open();
  EXPECT_FALSE(spool.has_more());
  spool.remove();
  const auto saved = save(spool, {}, {});
  EXPECT_EQ(saved.unsaved, 0U);
  EXPECT_TRUE(saved.why.empty());
  EXPECT_TRUE(host_.lines().empty());
  EXPECT_TRUE(names().empty());
}

TEST_F(SpoolTest, GivesWhatAnEarlierRunLeftAndRemovesTheFileOnceItIsDelivered) {
  write_spool(path_, {"one", "two"});
  Spool spool(settings_, log_);
  spool.open();
  EXPECT_EQ(
      host_.count(OMZMQ_LOG_INFO, "'" + path_ + "': 2 messages of an earlier run are sent first"),
      1U);
  spool.remove();
  EXPECT_EQ(take(spool), (Bodies{"one", "two"}));
  EXPECT_FALSE(spool.has_more());
  EXPECT_EQ(names(), Names{"spool"}) << "nothing is delivered yet";
  spool.remove();
  EXPECT_TRUE(names().empty());
  spool.remove();
  EXPECT_EQ(host_.lines().size(), 1U);
}

TEST_F(SpoolTest, GivesTheSameAgainAfterACrash) {
  write_spool(path_, {"one", "two"});
  for (int run = 0; run < 2; ++run) {
    Spool spool(settings_, log_);
    spool.open();
    EXPECT_EQ(take(spool), (Bodies{"one", "two"}));
  }
  EXPECT_EQ(replay(), (Bodies{"one", "two"}));
}

TEST_F(SpoolTest, MovesADamagedFileAsideOnceItsWholeFramesAreDelivered) {
  write_spool(path_, {"one", "two", "three"});
  std::string bytes = read_file(path_);
  bytes[spool_format::kHeaderBytes + spool_format::kHeadBytes] = 'X';
  write_file(path_, bytes);
  write_file(path_ + ".damaged", "an older one");
  Spool spool(settings_, log_);
  spool.open();
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR,
                        "'" + path_ +
                            "' is damaged: 1 records (1 messages) are damaged, 31 bytes in all, "
                            "the first at byte 20; 2 messages are whole and are sent first, then "
                            "the file is moved to '" +
                            path_ + ".damaged.2'"),
            1U);
  EXPECT_EQ(take(spool), (Bodies{"two", "three"}));
  EXPECT_EQ(names(), (Names{"spool", "spool.damaged"}));
  spool.remove();
  EXPECT_EQ(names(), (Names{"spool.damaged", "spool.damaged.2"}));
  EXPECT_EQ(read_file(path_ + ".damaged.2"), bytes);
  EXPECT_TRUE(replay().empty());
}

TEST_F(SpoolTest, MovesAFileAsideAtOnceThatNothingCanBeReadOf) {
  write_file(path_, "rubbish");
  EXPECT_TRUE(replay().empty());
  EXPECT_EQ(names(), Names{"spool.damaged"});
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, path_), 1U);
}

TEST_F(SpoolTest, RemovesAnEmptyFile) {
  write_file(path_, "");
  EXPECT_TRUE(replay().empty());
  EXPECT_TRUE(names().empty());
  EXPECT_EQ(host_.count(OMZMQ_LOG_WARNING, "is empty"), 1U);
}

TEST_F(SpoolTest, MovesAFileForAnotherFormatOrSocketTypeAsideAtOnce) {
  write_spool(path_, {"one"});
  settings_.format = Format::kLines;
  EXPECT_TRUE(replay().empty());
  EXPECT_EQ(names(), Names{"spool.other"});
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR,
                        "is for format 'raw' and sockType 'PUSH', and the action has 'lines' and "
                        "'PUSH'"),
            1U);
  write_spool(path_, {"two"});
  settings_.sock_type = SocketType::kDealer;
  EXPECT_TRUE(replay().empty());
  EXPECT_EQ(names(), (Names{"spool.other", "spool.other.2"}));
}

TEST_F(SpoolTest, SalvagesWhatAKillLeftUnderTheNewName) {
  write_spool(path_ + ".new", {"one", "two"}, 1, false);
  EXPECT_EQ(replay(), (Bodies{"one", "two"}));
  EXPECT_EQ(names(), Names{"spool.damaged"});
}

TEST_F(SpoolTest, GivesTheOldFileAndWhatAKillLeftOfANewerOne) {
  write_spool(path_, {"one", "two"}, 4);
  write_spool(path_ + ".new", {"two", "three"}, 5, false);
  EXPECT_EQ(replay(), (Bodies{"one", "two", "two", "three"}));
  EXPECT_EQ(names(), Names{"spool.damaged"});
}

TEST_F(SpoolTest, GivesOnlyTheWholeNewFileThatAKillKeptFromItsPlace) {
  write_spool(path_, {"one", "two"}, 4);
  write_spool(path_ + ".new", {"two", "three"}, 5);
  EXPECT_EQ(replay(), (Bodies{"two", "three"}));
  EXPECT_TRUE(names().empty());
}

TEST_F(SpoolTest, DoesNotTakeAStaleFileForANewerOne) {
  write_spool(path_, {"young"}, 5);
  write_spool(path_ + ".new.3", {"stale"}, 4);
  write_spool(path_ + ".new", {"younger, but cut"}, 6, false);
  EXPECT_EQ(replay(), (Bodies{"young", "younger, but cut"}));
}

TEST_F(SpoolTest, ReportsWhatIsNoRegularFileAndLeavesItAlone) {
  std::filesystem::create_directory(path_);
  EXPECT_TRUE(replay().empty());
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "it is a directory"), 1U);
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_TRUE(replay().empty());
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "it is a named pipe"), 1U);
  std::filesystem::remove(path_);
  write_file(directory_.file("victim"), "precious");
  std::filesystem::create_symlink(directory_.file("victim"), path_);
  EXPECT_TRUE(replay().empty());
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "it is a symbolic link"), 1U);
  EXPECT_EQ(read_file(directory_.file("victim")), "precious");
  EXPECT_EQ(names(), (Names{"spool", "victim"}));
}

TEST_F(SpoolTest, WarnsOnceWhenTheDirectoryIsNotThere) {
  settings_.spool_file = directory_.file("missing/spool");
  Spool spool(settings_, log_);
  spool.open();
  EXPECT_EQ(host_.count(OMZMQ_LOG_WARNING, "No such file or directory"), 1U);
  const auto saved = save(spool, {}, {"one", "two"});
  EXPECT_EQ(saved.messages, 0U);
  EXPECT_EQ(saved.unsaved, 2U);
  EXPECT_EQ(saved.why, "No such file or directory");
  EXPECT_EQ(host_.lines().size(), 1U) << "the rest is for the caller to tell";
}

TEST_F(SpoolTest, SendsTheRestOfTheFilesWhenOneIsCutMeanwhile) {
  write_spool(path_, {"one", std::string(400'000, 'x'), "three"}, 1);
  write_spool(path_ + ".new", {"four"}, 2, false);
  Spool spool(settings_, log_);
  spool.open();
  EXPECT_EQ(take(spool, 1), Bodies{"one"});
  std::filesystem::resize_file(path_, 300'000);
  EXPECT_EQ(take(spool), Bodies{"four"});
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "2 frames of it are not sent"), 1U);
  spool.remove();
  EXPECT_EQ(names(), (Names{"spool.damaged", "spool.damaged.2"}));
}

// ---- The stop

TEST_F(SpoolTest, SavesWhatIsGivenAtTheNextStart) {
  Spool spool(settings_, log_);
  spool.open();
  const auto saved = save(spool, {}, {"one", "two"});
  EXPECT_EQ(saved.messages, 2U);
  EXPECT_EQ(saved.unsaved, 0U);
  EXPECT_EQ(names(), Names{"spool"});
  EXPECT_EQ(replay(), (Bodies{"one", "two"}));
  EXPECT_TRUE(names().empty());
}

TEST_F(SpoolTest, LooksForOldFilesEvenWhenItWasNeverOpened) {
  write_spool(path_, {"one"});
  Spool spool(settings_, log_);
  EXPECT_EQ(save(spool, {}, {"two"}).older, 1U);
  EXPECT_EQ(replay(), (Bodies{"one", "two"}));
}

TEST_F(SpoolTest, SavesWhatIsLeftOfTheOldFilesBeforeWhatIsNewer) {
  write_spool(path_, {"delivered", "on its way", "three"}, 1);
  write_spool(path_ + ".new", {"four", "five"}, 2, false);
  Spool spool(settings_, log_);
  spool.open();
  take(spool, 1);
  std::vector<Frame> on_its_way;
  on_its_way.push_back(std::move(spool.next().value()));
  const auto saved = save(spool, on_its_way, {"six"});
  EXPECT_EQ(saved.older, 4U);
  EXPECT_EQ(saved.messages, 1U);
  EXPECT_FALSE(spool.has_more());
  EXPECT_EQ(names(), (Names{"spool", "spool.damaged"}));
  EXPECT_EQ(SpoolReader(path_).purpose().generation, 3U);
  EXPECT_EQ(replay(), (Bodies{"on its way", "three", "four", "five", "six"}));
}

TEST_F(SpoolTest, RemovesTheOldFileWhenAllOfItIsDeliveredAtTheStop) {
  write_spool(path_, {"one"});
  Spool spool(settings_, log_);
  spool.open();
  take(spool);
  const auto saved = save(spool, {}, {});
  EXPECT_EQ(saved.messages + saved.older + saved.unsaved, 0U);
  EXPECT_TRUE(names().empty());
}

TEST_F(SpoolTest, KeepsADamagedOldFileBesideTheNewOne) {
  write_spool(path_, {"one", "two"}, 1, false);
  Spool spool(settings_, log_);
  spool.open();
  take(spool, 1);
  EXPECT_EQ(save(spool, {}, {"three"}).older, 1U);
  EXPECT_EQ(names(), (Names{"spool", "spool.damaged"}));
  EXPECT_EQ(replay(), (Bodies{"two", "three"}));
}

TEST_F(SpoolTest, SkipsBeats) {
  Spool spool(settings_, log_);
  spool.begin_save();
  spool.save(frame_with("beat", {}, 0, 0));
  EXPECT_EQ(spool.end_save().unsaved, 0U);
  EXPECT_TRUE(names().empty());
}

TEST_F(SpoolTest, SavesWhatTheDiskTakesAndSaysWhyItIsNotAll) {
  Spool spool(settings_, log_);
  Spool::Saved saved;
  {
    const test::FileSizeLimit full(1000);
    saved = save(spool, {}, Bodies(50, std::string(72, 'x')));
  }
  EXPECT_EQ(saved.messages, 9U);
  EXPECT_EQ(saved.unsaved, 41U);
  EXPECT_EQ(saved.why, "File too large");
  EXPECT_EQ(replay().size(), 9U);
}

TEST_F(SpoolTest, KeepsTheOldFileWhereTheDiskDoesNotTakeAllThatWasInIt) {
  write_spool(path_, Bodies(50, std::string(72, 'x')), 3);
  const std::string before = read_file(path_);
  Spool spool(settings_, log_);
  spool.open();
  Spool::Saved saved;
  {
    const test::FileSizeLimit full(1000);
    saved = save(spool, {}, {"newer"});
  }
  EXPECT_EQ(saved.messages, 0U);
  EXPECT_EQ(saved.older, 0U);
  EXPECT_EQ(saved.unsaved, 1U);
  EXPECT_EQ(saved.why, "File too large");
  EXPECT_EQ(names(), Names{"spool"});
  EXPECT_EQ(read_file(path_), before);
}

TEST_F(SpoolTest, KeepsTheOldFileWhereAFrameOnItsWayCannotBeSaved) {
  write_spool(path_, {std::string(2000, 'x'), "two"}, 3);
  Spool spool(settings_, log_);
  spool.open();
  std::vector<Frame> on_its_way;
  on_its_way.push_back(std::move(spool.next().value()));
  {
    const test::FileSizeLimit full(1000);
    EXPECT_EQ(save(spool, on_its_way, {"newer"}).unsaved, 1U);
  }
  EXPECT_EQ(names(), Names{"spool"});
  EXPECT_EQ(replay().size(), 2U);
}

TEST_F(SpoolTest, SavesUnderItsNewNameWhereAnotherThingIsInItsPlace) {
  std::filesystem::create_symlink("nowhere", path_);
  {
    Spool spool(settings_, log_);
    spool.open();
    EXPECT_EQ(save(spool, {}, {"one"}).messages, 1U);
    EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, path_ + ".new"), 2U);
  }
  EXPECT_EQ(names(), (Names{"spool", "spool.new"}));
  {
    Spool spool(settings_, log_);
    spool.open();
    EXPECT_EQ(save(spool, {}, {"two"}).older, 1U);
  }
  EXPECT_EQ(names(), (Names{"spool", "spool.new.2"}));
  EXPECT_EQ(replay(), (Bodies{"one", "two"}));
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_EQ(names(), Names{"spool"});
}

TEST_F(SpoolTest, KeepsTheOldFileWhereALargeFrameOnItsWayCannotBeSaved) {
  write_spool(path_, {std::string(400'000, 'x')}, 3);
  Spool spool(settings_, log_);
  spool.open();
  std::vector<Frame> on_its_way;
  on_its_way.push_back(std::move(spool.next().value()));
  {
    const test::FileSizeLimit full(1000);
    EXPECT_EQ(save(spool, on_its_way, {"newer"}).unsaved, 1U);
  }
  EXPECT_EQ(names(), Names{"spool"});
  EXPECT_EQ(replay().size(), 1U);
}

TEST_F(SpoolTest, KeepsTheOldFileWhereItsRestWasNotSaved) {
  write_spool(path_, {"one", "two"});
  Spool spool(settings_, log_);
  spool.begin_save();
  spool.save(frame_with("newer"));
  EXPECT_EQ(spool.end_save().unsaved, 1U);
  EXPECT_EQ(replay(), (Bodies{"one", "two"}));
}

TEST_F(SpoolTest, LeavesNoFileWhereTheDiskTakesNoFrame) {
  Spool spool(settings_, log_);
  {
    const test::FileSizeLimit full(spool_format::kHeaderBytes + 1);
    const auto saved = save(spool, {}, {"one"});
    EXPECT_EQ(saved.unsaved, 1U);
    EXPECT_EQ(saved.why, "File too large");
  }
  EXPECT_TRUE(names().empty());
}

TEST_F(SpoolTest, FindsWhatItSavedWhereADirectoryCameIntoItsPlaceMeanwhile) {
  Spool spool(settings_, log_);
  spool.open();
  std::filesystem::create_directory(path_);
  EXPECT_EQ(save(spool, {}, {"one"}).messages, 1U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, path_ + ".new"), 1U);
  EXPECT_EQ(replay(), Bodies{"one"});
}

TEST_F(SpoolTest, LosesNothingByACrashAtAnyMomentOfTheStop) {
  // What is in the directory after a crash: the old file, and the new one up to any byte.
  write_spool(directory_.file("next"), {"two", "three"}, 2);
  const std::string next = read_file(directory_.file("next"));
  std::filesystem::remove(directory_.file("next"));
  for (std::size_t size = 0; size <= next.size(); ++size) {
    SCOPED_TRACE(size);
    write_spool(path_, {"one", "two"}, 1);
    write_file(path_ + ".new", next.substr(0, size));
    const Bodies bodies = replay();
    const bool is_whole = size == next.size();
    EXPECT_EQ(std::count(bodies.begin(), bodies.end(), "one"), is_whole ? 0 : 1);
    EXPECT_GE(std::count(bodies.begin(), bodies.end(), "two"), 1);
    for (const std::string& name : names()) std::filesystem::remove(directory_.file(name));
  }
}

/// Runs in a process of its own that may not do everything, as root may.
void as_nobody(const std::function<bool()>& claim) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool is_dropped = ::setegid(65534) == 0 && ::seteuid(65534) == 0;
    ::_exit(is_dropped && claim() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

class UnprivilegedSpoolTest : public SpoolTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    allow(directory_.file("."), 0777);
  }
  static void allow(const std::string& path, mode_t mode) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
};

TEST_F(UnprivilegedSpoolTest, ReportsAFileThatItMayNotReadAndLeavesItAlone) {
  write_spool(path_, {"one"});
  allow(path_, 0600);
  as_nobody([this] {
    Spool spool(settings_, log_);
    spool.open();
    return !spool.has_more() && host_.count(OMZMQ_LOG_ERROR, "Permission denied") == 1 &&
           names() == Names{"spool"} && save(spool, {}, {"two"}).messages == 1 &&
           names() == Names{"spool", "spool.new"} && replay() == Bodies{"two"};
  });
  EXPECT_EQ(names(), Names{"spool"});
}

TEST_F(UnprivilegedSpoolTest, WarnsWhereItMayNotWriteAndSaysSoAtTheStop) {
  write_spool(path_, {"one"});
  allow(path_, 0644);
  allow(directory_.file("."), 0755);
  as_nobody([this] {
    Spool spool(settings_, log_);
    spool.open();
    const bool is_warned = host_.count(OMZMQ_LOG_WARNING, "Permission denied") == 1;
    const bool is_given = take(spool) == Bodies{"one"};
    spool.remove();
    const auto saved = save(spool, {}, {"two"});
    return is_warned && is_given &&
           host_.count(OMZMQ_LOG_ERROR, "cannot be removed: Permission denied") == 1 &&
           saved.unsaved == 1 && saved.why == "Permission denied";
  });
  EXPECT_EQ(names(), Names{"spool"});
}

TEST_F(UnprivilegedSpoolTest, WarnsOnceWhereItMayNotLook) {
  allow(directory_.file("."), 0700);
  as_nobody([this] {
    Spool spool(settings_, log_);
    spool.open();
    return !spool.has_more() && host_.lines().size() == 1 &&
           host_.count(OMZMQ_LOG_WARNING, "Permission denied") == 1;
  });
}

}  // namespace
}  // namespace omzmq
