// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// CURVE between omzmq and CZMQ, by rsyslog's own imczmq, and zmqtap; certificates of all makes.

#include <dlfcn.h>

#include "curve_system.hpp"

namespace omzmq::test {
namespace {

class CurveStrangers : public CurveSystemTest {
 protected:
  // A daemon with an input of type imczmq, whose messages come into the file received().
  void start_imczmq(const std::string& module_parameters, const std::string& input_parameters) {
    imczmq_ = std::make_unique<Rsyslogd>(
        directory_, configuration("sink").without_omzmq().top(fmt::format(
                        "module(load=\"imczmq\" {})\n"
                        "template(name=\"line\" type=\"string\" string=\"%rawmsg%\\n\")\n"
                        "ruleset(name=\"received\") {{ {} }}\n"
                        "input(type=\"imczmq\" {} ruleset=\"received\")",
                        module_parameters, omfile(received(), "line"), input_parameters)));
    imczmq_->start();
  }
  std::string received() const { return directory_.file("received"); }
  testing::AssertionResult all_arrive(unsigned count) const {
    Injector(daemon_->input()).numbered(0, count);
    const auto is_there = [&] {
      return read_file(received()).find(numbered_line(count - 1) + "\n") != std::string::npos;
    };
    if (!wait_until(is_there)) {
      return testing::AssertionFailure() << read_file(directory_.file("sink.err")) << log();
    }
    return are_numbered_in_order(only_numbered(split_lines({read_file(received())})), count);
  }
  void start_zmqtap(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), OMZMQ_TEST_ZMQTAP);
    zmqtap_.start(arguments, received(), directory_.file("zmqtap.err"));
  }

  std::unique_ptr<Rsyslogd> imczmq_;
  Process zmqtap_;
};

TEST_F(CurveStrangers, ImczmqAsAServerLetsOmzmqIn) {
  start_imczmq(fmt::format(R"(authenticator="on" authtype="CURVESERVER" servercertpath="{}" )"
                           R"(clientcertpath="{}")",
                           certificate("server"), clients()),
               fmt::format(R"(endpoints="@{}" sockType="PULL")", endpoint_));
  start(client(certificate("server")));
  EXPECT_TRUE(all_arrive(1000));
}

TEST_F(CurveStrangers, ImczmqAsAServerRefusesOmzmqWithAnotherKey) {
  std::filesystem::remove(clients() + "/anna.key");
  let_in("ben");
  start_imczmq(fmt::format(R"(authenticator="on" authtype="CURVESERVER" servercertpath="{}" )"
                           R"(clientcertpath="{}")",
                           certificate("server"), clients()),
               fmt::format(R"(endpoints="@{}" sockType="PULL")", endpoint_));
  start(client(certificate("server")));
  Injector(daemon_->input()).numbered(0, 10);
  EXPECT_TRUE(wait_logged("omzmq[out]: no peer is there")) << log();
  EXPECT_EQ(read_file(received()), "");
}

TEST_F(CurveStrangers, ImczmqAsAClientIsLetIn) {
  start(server(clients()));
  start_imczmq(fmt::format(R"(authtype="CURVECLIENT" servercertpath="{}" clientcertpath="{}")",
                           certificate("server"), certificate("anna")),
               fmt::format(R"(endpoints=">{}" sockType="SUB" topics="")", endpoint_));
  ASSERT_TRUE(wait_until([&] {
    Injector(daemon_->input()).message("probe");
    return !read_file(received()).empty();
  })) << log();
  EXPECT_TRUE(all_arrive(1000));
}

// omczmq has a context of its own in the same daemon: both use libsodium, and stop one after the
// other. Without its authenticator, with which rsyslogd does not end at SIGTERM, omzmq or not, and
// without its template, which it frees twice. (imczmq cannot be the third: it frees a ruleset
// twice.)
TEST_F(CurveStrangers, OmczmqInTheSameDaemonStopsWithIt) {
  Configuration both = server(clients());
  both.top(
      fmt::format("module(load=\"omczmq\" authtype=\"CURVESERVER\" servercertpath=\"{}\" "
                  "clientcertpath=\"{}\")",
                  certificate("server"), clients()));
  both.action(
      fmt::format(R"(action(type="omczmq" endpoints="@{}" sockType="PUB"))", free_tcp_endpoint()));
  start_zmqtap({"--sub", "--curve-key", certificate("server"), "--curve-cert", certificate("anna"),
                "--connect", endpoint_});
  for (int i = 0; i < (under_wrapper() ? 2 : 10); ++i) {
    start(both);
    const std::size_t before = read_file(received()).size();
    ASSERT_TRUE(wait_until([&] {
      Injector(daemon_->input()).message("probe");
      return read_file(received()).size() > before;
    })) << log();
    ASSERT_EQ(stopped(*daemon_), "exit 0") << log();
  }
}

TEST_F(CurveStrangers, ZmqtapAsAClientIsLetIn) {
  start(server(clients(), R"(waitForPeers="1")"));
  start_zmqtap({"--sub", "--curve-key", certificate("server"), "--curve-cert", certificate("anna"),
                "--connect", endpoint_});
  EXPECT_TRUE(all_arrive(1000));
}

TEST_F(CurveStrangers, ZmqtapAsAServerLetsOmzmqIn) {
  start_zmqtap({"--pull", "--curve-server", certificate("server"), "--curve-clients", clients(),
                "--bind", endpoint_});
  start(client(certificate("server")));
  EXPECT_TRUE(all_arrive(1000));
}

TEST_F(CurveStrangers, CertificatesOfPyzmqAreTaken) {
  const std::string folder = directory_.file("py");
  std::filesystem::create_directory(folder);
  const Output made = run({OMZMQ_TEST_PYTHON, "-c",
                           "import os, sys, zmq.auth\n"
                           "os.umask(0o077)\n"
                           "for name in 'server', 'anna':\n"
                           "    zmq.auth.create_certificates(sys.argv[1], name)\n",
                           folder},
                          directory_.file("create"));
  ASSERT_EQ(made.ended.exit_code, 0) << made.err;
  start(
      logged().omzmq(fmt::format(R"(endpoints="{0}" sockType="PUB" name="out" curve.mode="server" )"
                                 R"(curve.certFile="{1}/server.key" curve.clients="{1}/anna.key")",
                                 endpoint_, folder)));
  const CurvePeer anna(directory_, "anna",
                       {"SUB", "connect", endpoint_, "--own", folder + "/anna.key_secret",
                        "--server-key", folder + "/server.key"});
  ASSERT_TRUE(is_subscribed(anna)) << log();
  EXPECT_TRUE(gets_all(anna, 0, 100));
}

// Makes NAME and NAME_secret as CZMQ does.
testing::AssertionResult make_with_czmq(const std::string& path) {
  void* const library = ::dlopen("libczmq.so.4", RTLD_NOW);
  if (library == nullptr) return testing::AssertionFailure() << "no libczmq";
  const auto make = reinterpret_cast<void* (*)()>(::dlsym(library, "zcert_new"));
  const auto name = reinterpret_cast<void (*)(void*, const char*, const char*, ...)>(
      ::dlsym(library, "zcert_set_meta"));
  const auto save = reinterpret_cast<int (*)(void*, const char*)>(::dlsym(library, "zcert_save"));
  const auto destroy = reinterpret_cast<void (*)(void**)>(::dlsym(library, "zcert_destroy"));
  void* certificate = make();
  name(certificate, "name", "%s", "of a test");
  const int result = save(certificate, path.c_str());
  destroy(&certificate);
  if (result != 0) return testing::AssertionFailure() << "zcert_save failed";
  std::filesystem::permissions(path + "_secret", std::filesystem::perms{0600});
  return testing::AssertionSuccess();
}

TEST_F(CurveStrangers, CertificatesOfCzmqAreTaken) {
  const std::string own = directory_.file("czmq");
  ASSERT_TRUE(make_with_czmq(own));
  start(
      logged().omzmq(fmt::format(R"(endpoints="{}" sockType="PUB" name="out" curve.mode="server" )"
                                 R"(curve.certFile="{}" curve.clients="{}")",
                                 endpoint_, own, clients())));
  const CurvePeer anna(
      directory_, "anna",
      {"SUB", "connect", endpoint_, "--own", secret_of("anna"), "--server-key", own});
  ASSERT_TRUE(is_subscribed(anna)) << log();
  EXPECT_TRUE(gets_all(anna, 0, 100));
}

}  // namespace
}  // namespace omzmq::test
