// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// --stats, --count-by, --distinct, SIGUSR1, and pipes into what people have.
#include <json.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>

#include "zmqtap_fixture.hpp"

namespace omzmq::tap {
namespace {

class Watching : public ZmqtapTest {};

TEST_F(Watching, StatsTellRatesEachSecondAndTheTotalAtTheEnd) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "--stats", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, numbered_batch(0, 3)));
  const std::string& errors = tap.read_error_lines(2);
  EXPECT_NE(errors.find(" messages/s, 0.0 MB/s, "), std::string::npos) << errors;
  EXPECT_NE(errors.find(", 3 in all\n"), std::string::npos) << errors;
  tap.signal(SIGTERM);
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_NE(tap.errors().find("zmqtap: received 3 messages"), std::string::npos) << tap.errors();
  EXPECT_NE(tap.errors().find("0 messages missing in 0 gaps"), std::string::npos) << tap.errors();
}

TEST_F(Watching, CountsGoToStandardOutputAsALineOfJson) {
  EXPECT_EQ(pull({"--count-by", ".status", "--distinct", ".ip", "-q"},
                 {R"({"status":200,"ip":"a"})", R"({"status":200,"ip":"b"})", R"({"status":404})",
                  "no json"}),
            0);
  EXPECT_EQ(errors_, "");
  ASSERT_EQ(output_.find('\n'), output_.size() - 1) << output_;
  fjson_object* const json = fjson_tokener_parse(output_.c_str());
  ASSERT_NE(json, nullptr) << output_;
  fjson_object* total = nullptr;
  ASSERT_TRUE(fjson_object_object_get_ex(json, "total", &total));
  EXPECT_EQ(fjson_object_get_int(total), 4);
  fjson_object_put(json);
  EXPECT_NE(output_.find(R"({"value":"200","count":2,"error":0})"), std::string::npos) << output_;
  EXPECT_NE(output_.find(R"("estimate":2)"), std::string::npos) << output_;
}

TEST_F(Watching, CountsAreShownToPeopleOnStandardError) {
  EXPECT_EQ(pull({"--count-by", ".status"}, {R"({"status":200})"}), 0);
  EXPECT_NE(errors_.find("1 record counted by .status\n"), std::string::npos) << errors_;
  EXPECT_EQ(output_.find('\n'), output_.size() - 1) << output_;
}

TEST_F(Watching, RecordsThatAreCountedGoToTheFileToo) {
  EXPECT_EQ(pull({"--count-by", ".a", "-q", "-o", path("log")}, {R"({"a":1})", R"({"a":2})"}), 0);
  EXPECT_EQ(read_file(path("log")), "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_NE(output_.find(R"("total":2)"), std::string::npos) << output_;
}

TEST_F(Watching, ASignalAsksForTheCountsAtOnce) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(
      command({"--pull", "--count-by", ".a", "-q", "-o", path("log"), bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, R"({"a":1})"));
  ASSERT_TRUE(eventually([&] { return !read_file(path("log")).empty(); }));
  tap.signal(SIGUSR1);
  EXPECT_NE(tap.read_lines(1).find(R"("total":1)"), std::string::npos) << tap.output();
  ASSERT_TRUE(send(push, R"({"a":1})"));
  ASSERT_TRUE(eventually([&] { return read_file(path("log")).size() > 10; }));
  tap.signal(SIGTERM);
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_NE(tap.output().find(R"("total":2)"), std::string::npos) << tap.output();
}

TEST_F(Watching, ASignalAsksForTheSummaryAtOnce) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, "x"));
  ASSERT_EQ(tap.read_lines(1), "x\n");
  tap.signal(SIGUSR1);
  EXPECT_NE(tap.read_error_lines(1).find("zmqtap: received 1 message,"), std::string::npos);
  tap.signal(SIGTERM);
  EXPECT_EQ(tap.wait(), 0);
}

TEST_F(Watching, QuietAnswersASignalTooButSaysNoSummaryAtTheEnd) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "-q", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, numbered_batch(0, 1)));
  ASSERT_EQ(tap.read_lines(1), "0\n");
  tap.signal(SIGUSR1);
  const std::string said = tap.read_error_lines(2);
  EXPECT_EQ(said.rfind("zmqtap: received 1 message,", 0), 0U) << said;
  ASSERT_TRUE(send(push, numbered_batch(5, 1)));
  ASSERT_EQ(tap.read_lines(2), "0\n5\n");
  tap.signal(SIGTERM);
  EXPECT_EQ(tap.wait(), 4);
  EXPECT_EQ(tap.errors(), said);
}

TEST_F(Watching, EndsQuietlyWhenNobodyReadsTheCounts) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "-q", "--count-by", ".a", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, "{}"));
  tap.close_output();
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.errors(), "");
}

TEST_F(Watching, CountsThatCannotBeWrittenEndWithOne) {
  const std::string why =
      "zmqtap: cannot write the counts to standard output: No space left on device\n";
  const std::string line = R"(exec "$0" --pull -q --count-by .a $2 "$1" >/dev/full)";
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process at_the_end({"/bin/sh", "-c", line, OMZMQ_ZMQTAP, bind_to_free_port(push), "-c 1"});
  ASSERT_TRUE(send(push, "{}"));
  EXPECT_EQ(at_the_end.wait(), 1);
  EXPECT_EQ(at_the_end.errors(), why);

  zmq::socket_t other = make_socket(zmq::socket_type::push);
  Process on_request(
      {"/bin/sh", "-c", line, OMZMQ_ZMQTAP, bind_to_free_port(other), "-o " + path("log")});
  ASSERT_TRUE(send(other, "{}"));
  ASSERT_TRUE(eventually([&] { return !read_file(path("log")).empty(); }));
  on_request.signal(SIGUSR1);
  EXPECT_EQ(on_request.wait(), 1);
  EXPECT_EQ(on_request.errors(), why);
}

TEST_F(Watching, TopWithCountsSleepsWhenNothingComes) {
  if (access("/usr/bin/script", X_OK) != 0) {
    GTEST_SKIP() << "script(1), which has a terminal for it, is not installed";
  }
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  const auto used = [] {
    rusage usage{};
    getrusage(RUSAGE_CHILDREN, &usage);
    return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  };
  const auto before = used();
  Process script({"/usr/bin/script", "-qec",
                  std::string(OMZMQ_ZMQTAP) + " --pull --top -t 4 --count-by .status " +
                      bind_to_free_port(push),
                  "/dev/null"});
  EXPECT_EQ(script.wait(), 3) << script.output();
  // Processor time; a loop that does not wait uses three seconds of the four.
  EXPECT_LT(used() - before, std::chrono::milliseconds(1500));
}

TEST_F(Watching, TopRefusesWithoutATerminal) {
  Process tap(command({"--pull", "--top", "tcp://127.0.0.1:9"}));
  EXPECT_EQ(tap.wait(), 1);
  EXPECT_NE(tap.errors().find("--top needs a terminal"), std::string::npos) << tap.errors();
}

TEST_F(Watching, TopDrawsOnATerminalAndLeavesItWithASummary) {
  if (access("/usr/bin/script", X_OK) != 0) {
    GTEST_SKIP() << "script(1), which has a terminal for it, is not installed";
  }
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  const std::string line =
      std::string(OMZMQ_ZMQTAP) + " --pull --top -e --count-by .status " + bind_to_free_port(push);
  Process script({"/usr/bin/script", "-qec", line, "/dev/null"});
  ASSERT_TRUE(send(push, R"({"status":200})"));
  EXPECT_EQ(script.wait(), 0) << script.output();
  const std::string& screen = script.output();
  const std::size_t left = screen.rfind("\x1b[?1049l");
  ASSERT_NE(left, std::string::npos) << screen;
  EXPECT_LT(screen.find("messages/s"), left) << screen;
  EXPECT_NE(screen.find("zmqtap: received 1 message,", left), std::string::npos) << screen;
  EXPECT_NE(screen.find(R"({"field":".status","total":1,)", left), std::string::npos) << screen;
}

TEST_F(Watching, JqReadsWhatJsonWrites) {
  if (access("/usr/bin/jq", X_OK) != 0) {
    GTEST_SKIP() << "jq is not installed";
  }
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process shell({"/bin/sh", "-c", R"("$0" --pull -e -J "$1" | jq -c '[.sequence, .payload]')",
                 OMZMQ_ZMQTAP, bind_to_free_port(push)});
  ASSERT_TRUE(send(push, packed_batch({.epoch = 1, .first = 4},
                                      {R"({"status": 200})", std::string("\0\xff\"", 3)})));
  EXPECT_EQ(shell.wait(), 0) << shell.errors();
  EXPECT_EQ(shell.output(), "[4,{\"status\":200}]\n[5,\"\\u0000\xef\xbf\xbd\\\"\"]\n");
}

// A PostgreSQL of its own, in the directory of the test, reached by a socket in it. initdb refuses
// to run as root, so it all runs as "nobody" then.
class Database {
 public:
  explicit Database(const std::filesystem::path& directory) : directory_(directory) {
    std::filesystem::permissions(directory, std::filesystem::perms{0755});
    std::filesystem::create_directory(directory / "db");
    if (geteuid() == 0) {
      run("chown nobody db");
      prefix_ = "setpriv --reuid=nobody --clear-groups ";
    }
  }
  ~Database() {
    if (started_) {
      run(tool("pg_ctl") + " -D db/data -m immediate stop");
    }
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  static bool is_installed() { return !tool("initdb").empty(); }

  // False: it does not start, and errors() says why.
  bool start() {
    started_ = run(tool("initdb") + " -D db/data -A trust -U tap -E UTF8 --locale=C -N") &&
               run(tool("pg_ctl") + " -D db/data -w -t 60 -l db/log -o \"-k '" +
                   (directory_ / "db").string() + "' -c listen_addresses= -c fsync=off\" start");
    return started_;
  }

  std::string psql() const {
    return "psql -X -q -v ON_ERROR_STOP=1 -At -U tap -h '" + (directory_ / "db").string() +
           "' postgres";
  }

  const std::string& errors() const { return errors_; }

 private:
  static std::string tool(const std::string& name) {
    for (int version = 20; version >= 11; --version) {
      std::string path = "/usr/lib/postgresql/" + std::to_string(version) + "/bin/" + name;
      if (access(path.c_str(), X_OK) == 0) {
        return path;
      }
    }
    return "";
  }

  bool run(const std::string& line) {
    Process shell({"/bin/sh", "-c",
                   "cd '" + directory_.string() + "' && exec " + prefix_ + line +
                       " >>/dev/null 2>&1 </dev/null"});
    const bool well = shell.wait() == 0;
    errors_ = line + ": " + shell.errors();
    return well;
  }

  std::filesystem::path directory_;
  std::string prefix_;
  std::string errors_;
  bool started_ = false;
};

TEST_F(Watching, PostgresqlReadsByCopyWhatQuoteWrites) {
  if (!Database::is_installed()) {
    GTEST_SKIP() << "no initdb: PostgreSQL is not installed";
  }
  Database database(directory_);
  ASSERT_TRUE(database.start()) << database.errors();
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  const std::string script = database.psql() + " -c 'CREATE TABLE log (line text)' && '" +
                             OMZMQ_ZMQTAP + "' --pull -e --quote " + bind_to_free_port(push) +
                             " | " + database.psql() + " -c 'COPY log FROM STDIN' && " +
                             database.psql() +
                             " -c \"SELECT encode(convert_to(line, 'UTF8'), 'hex') FROM log\"";
  Process shell({"/bin/sh", "-c", script});
  ASSERT_TRUE(send(push, packed_batch({.epoch = 1}, {"plain", "a\tb\nc\\d", "\\.", "\xc3\xa4"})));
  EXPECT_EQ(shell.wait(), 0) << shell.errors();
  EXPECT_EQ(shell.output(), "706c61696e\n6109620a635c64\n5c2e\nc3a4\n") << shell.errors();
}

}  // namespace
}  // namespace omzmq::tap
