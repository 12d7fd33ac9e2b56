// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// CURVE between omzmq and pyzmq, in both roles: who gets in, who does not, and what the log says.

#include <sys/stat.h>

#include "curve_system.hpp"
#include "zmtp_peer.hpp"

namespace omzmq::test {
namespace {

// Long enough for a peer that is let in to show it, were it let in.
constexpr std::chrono::milliseconds kAWhile{500};

// ---- An action that is a server

class CurveServer : public CurveSystemTest, public testing::WithParamInterface<const char*> {
 protected:
  // The value of curve.clients that this kind has, Anna being the one who may connect.
  std::string clients_as(const std::string& kind) const {
    if (kind == "Directory") return clients();
    if (kind == "Certificate") return certificate("anna");
    write_file(directory_.file("list"), "# who may\n" + public_key("anna") + "\n");
    return directory_.file("list");
  }
};

TEST_P(CurveServer, LetsInThoseOnItsListAndTheyMissNothingWhileOthersTry) {
  start(server(clients_as(GetParam())));
  const auto anna = subscriber("anna");
  ASSERT_TRUE(is_subscribed(*anna)) << log();
  EXPECT_TRUE(gets_all(*anna, 0, 1000));
  const auto ben = subscriber("ben");
  const auto plaintext = plaintext_subscriber();
  ASSERT_TRUE(wait_logged("omzmq[out]: the client at 127.0.0.1 is refused")) << log();
  ASSERT_TRUE(wait_logged("omzmq[out]: no handshake with ")) << log();
  EXPECT_TRUE(statistics("out").wait_for("auth.failed", 1));
  EXPECT_TRUE(statistics("out").wait_for("handshake.failed", 1));
  EXPECT_TRUE(gets_all(*anna, 1000, 5000));
  EXPECT_TRUE(ben->received().empty());
  EXPECT_TRUE(plaintext->received().empty());
}

INSTANTIATE_TEST_SUITE_P(Clients, CurveServer, testing::Values("Directory", "Certificate", "List"),
                         [](const auto& tested) { return std::string(tested.param); });

using CurveServerSystem = CurveSystemTest;

TEST_F(CurveServerSystem, OpenToEverybodyLetsInWhoKnowsItsKey) {
  start(server("*"));
  const auto plaintext = plaintext_subscriber();
  const auto ben = subscriber("ben");
  const auto anonymous = anonymous_subscriber();
  ASSERT_TRUE(is_subscribed(*ben)) << log();
  ASSERT_TRUE(is_subscribed(*anonymous)) << log();
  EXPECT_TRUE(gets_all(*ben, 0, 100));
  EXPECT_TRUE(plaintext->received().empty());
}

TEST_F(CurveServerSystem, LetsInNobodyWithAnOlderProtocolWithoutSecurity) {
  start(server("*"));
  // A greeting of ZMTP 1 and one of ZMTP 2, each of a SUB that subscribes to everything.
  const std::string_view greetings[] = {{"\x01\x00\x02\x00\x01", 5},
                                        {"\xFF\0\0\0\0\0\0\0\x01\x7F\x01\x02\0\0\0\x01\x01", 17}};
  for (const std::string_view greeting : greetings) {
    ZmtpPeer peer(port_of(endpoint_));
    peer.write(greeting);
    EXPECT_TRUE(peer.wait_closed());
  }
  const auto anna = subscriber("anna");
  EXPECT_TRUE(is_subscribed(*anna));
}

TEST_F(CurveServerSystem, ReadsItsListAgainAtHup) {
  start(server(clients()));
  const auto anna = subscriber("anna");
  ASSERT_TRUE(is_subscribed(*anna));
  auto ben = subscriber("ben");
  ASSERT_TRUE(wait_logged("is refused"));
  let_in("ben");
  std::filesystem::remove(clients() + "/anna.key");
  daemon_->hup();
  ASSERT_TRUE(wait_logged("omzmq[out]: curve.clients '" + clients() +
                          "' has 1 keys now: 1 added, 1 removed"))
      << log();
  // libzmq's client does not try again by itself once it was refused.
  ben.reset();
  ben = subscriber("ben");
  ASSERT_TRUE(is_subscribed(*ben)) << log();
  // Anna's connection is older than the new list.
  EXPECT_TRUE(gets_all(*anna, 0, 100));
  const CurvePeer anna_again(directory_, "again",
                             {"SUB", "connect", endpoint_, "--own", secret_of("anna"),
                              "--server-key", certificate("server")});
  EXPECT_FALSE(wait_until([&] { return !anna_again.received().empty(); }, kAWhile));
  EXPECT_TRUE(gets_all(*ben, 100, 100));
  EXPECT_TRUE(anna_again.received().empty());
}

TEST_F(CurveServerSystem, KeepsItsListWhenTheNewOneIsWrong) {
  start(server(clients()));
  write_file(clients() + "/readme", "not a certificate");
  daemon_->hup();
  ASSERT_TRUE(wait_logged("omzmq[out]: curve.clients stay as they were: certificate '" + clients() +
                          "/readme'"));
  const auto anna = subscriber("anna");
  EXPECT_TRUE(is_subscribed(*anna));
}

TEST_F(CurveServerSystem, HasAListOfItsOwnEvenWithSeveralActions) {
  const std::string other = free_tcp_endpoint();
  start(server(clients()).omzmq(
      fmt::format(R"(endpoints="{}" sockType="PUB" name="other" curve.mode="server" )"
                  R"(curve.certFile="{}" curve.clients="{}")",
                  other, certificate("server"), certificate("ben"))));
  const auto anna = subscriber("anna");
  ASSERT_TRUE(is_subscribed(*anna));
  const CurvePeer intruder(
      directory_, "intruder",
      {"SUB", "connect", other, "--own", secret_of("anna"), "--server-key", certificate("server")});
  ASSERT_TRUE(wait_logged("omzmq[other]: the client at 127.0.0.1 is refused")) << log();
  EXPECT_TRUE(gets_all(*anna, 0, 100));
  EXPECT_TRUE(intruder.received().empty());
  EXPECT_EQ(log().find("omzmq[out]: the client"), std::string::npos) << log();
}

TEST_F(CurveServerSystem, WorksOverIpc) {
  start(
      logged().omzmq(fmt::format(R"(endpoints="{}" sockType="PUB" name="out" curve.mode="server" )"
                                 R"(curve.certFile="{}" curve.clients="{}")",
                                 ipc_endpoint(), certificate("server"), clients())));
  const CurvePeer ben(directory_, "ben",
                      {"SUB", "connect", ipc_endpoint(), "--own", secret_of("ben"), "--server-key",
                       certificate("server")});
  ASSERT_TRUE(wait_logged("is refused")) << log();
  const CurvePeer anna(directory_, "anna",
                       {"SUB", "connect", ipc_endpoint(), "--own", secret_of("anna"),
                        "--server-key", certificate("server")});
  ASSERT_TRUE(is_subscribed(anna));
  EXPECT_TRUE(gets_all(anna, 0, 100));
  EXPECT_TRUE(ben.received().empty());
}

// ---- An action that is a client

class CurveClient : public CurveSystemTest {
 protected:
  std::unique_ptr<CurvePeer> server_peer(const std::string& own, const std::string& clients) const {
    return std::make_unique<CurvePeer>(
        directory_, "peer",
        std::vector<std::string>{"PULL", "bind", endpoint_, "--own", secret_of(own), "--clients",
                                 clients});
  }
  bool is_held_back() const { return wait_logged("omzmq[out]: no peer is there"); }
};

TEST_F(CurveClient, SendsToAServerThatKnowsIt) {
  const auto peer = server_peer("server", clients());
  start(client(certificate("server")));
  EXPECT_TRUE(gets_all(*peer, 0, 5000));
}

TEST_F(CurveClient, TakesTheKeyOfTheServerItself) {
  const auto peer = server_peer("server", clients());
  start(client(public_key("server")));
  EXPECT_TRUE(gets_all(*peer, 0, 100));
}

TEST_F(CurveClient, WithoutACertificateIsLetInByAServerThatTakesEverybody) {
  const auto peer = server_peer("server", "*");
  start(logged().omzmq(fmt::format(
      R"(endpoints="{}" sockType="PUSH" name="out" curve.mode="client" curve.serverKey="{}")",
      endpoint_, certificate("server"))));
  EXPECT_TRUE(gets_all(*peer, 0, 100));
}

TEST_F(CurveClient, SendsNothingToAServerThatHasAnotherKey) {
  const auto peer = server_peer("ben", clients());
  start(client(certificate("server")));
  Injector(daemon_->input()).numbered(0, 10);
  EXPECT_TRUE(is_held_back()) << log();
  EXPECT_TRUE(statistics("out").wait_for("handshake.failed", 1));
  EXPECT_TRUE(peer->received().empty());
}

TEST_F(CurveClient, SendsNothingToAServerThatRefusesIt) {
  std::filesystem::remove(clients() + "/anna.key");
  let_in("ben");
  const auto peer = server_peer("server", clients());
  start(client(certificate("server")));
  Injector(daemon_->input()).numbered(0, 10);
  EXPECT_TRUE(is_held_back()) << log();
  EXPECT_TRUE(wait_logged("refuses us")) << log();
  EXPECT_TRUE(statistics("out").wait_for("auth.failed", 1));
  EXPECT_TRUE(peer->received().empty());
}

// libzmq gives up an address after such a failure.
TEST_F(CurveClient, GetsThroughOnceTheServerIsMended) {
  auto peer = server_peer("ben", clients());
  start(client(certificate("server")));
  Injector(daemon_->input()).numbered(0, 10);
  ASSERT_TRUE(is_held_back()) << log();
  peer.reset();
  std::filesystem::remove(clients() + "/anna.key");
  let_in("ben");
  peer = server_peer("server", clients());
  ASSERT_TRUE(wait_logged("refuses us")) << log();
  peer.reset();
  let_in("anna");
  peer = server_peer("server", clients());
  EXPECT_TRUE(gets_all(*peer, 10, 10)) << log();
}

TEST_F(CurveClient, SendsNothingInPlaintext) {
  const CurvePeer peer(directory_, "peer", {"PULL", "bind", endpoint_});
  start(client(certificate("server")));
  Injector(daemon_->input()).numbered(0, 10);
  EXPECT_TRUE(is_held_back()) << log();
  EXPECT_TRUE(statistics("out").wait_for("handshake.failed", 1));
  EXPECT_TRUE(peer.received().empty());
}

TEST_F(CurveClient, IsNeededAtAServer) {
  const auto peer = server_peer("server", clients());
  start(logged().omzmq(fmt::format(R"(endpoints="{}" sockType="PUSH" name="out")", endpoint_)));
  Injector(daemon_->input()).numbered(0, 10);
  EXPECT_TRUE(is_held_back()) << log();
  EXPECT_TRUE(peer->received().empty());
}

// ---- rsyslogd -N1

struct WrongFile {
  const char* test;
  const char* parameters;  // {0} is the directory of the test
  const char* named;       // what the message holds

  friend std::ostream& operator<<(std::ostream& out, const WrongFile& wrong) {
    return out << wrong.parameters;
  }
};

class WrongCurveFile : public CurveSystemTest, public testing::WithParamInterface<WrongFile> {
 protected:
  WrongCurveFile() {
    keygen("loose");
    ::chmod(secret_of("loose").c_str(), 0640);
    std::filesystem::create_directory(directory_.file("nobody"));
    write_file(directory_.file("rubbish"), "rubbish\n");
    write_file(directory_.file("list"), public_key("anna") + "\n" + public_key("ben") + "x\n");
  }
};

TEST_P(WrongCurveFile, IsNamedByTheCheck) {
  const std::string parameters =
      fmt::format(fmt::runtime(GetParam().parameters), directory_.path().string());
  const Output output = check(
      directory_,
      configuration()
          .omzmq(fmt::format(R"(endpoints="{}" sockType="PUSH" {})", ipc_endpoint(), parameters))
          .text());
  EXPECT_EQ(output.ended.exit_code, 1) << output.err;
  const std::string named = fmt::format(fmt::runtime(GetParam().named), directory_.path().string());
  EXPECT_NE(output.err.find(named), std::string::npos) << output.err;
  for (const char* const name : {"anna", "ben", "loose"}) {
    EXPECT_EQ(output.err.find(public_key(name)), std::string::npos) << output.err;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, WrongCurveFile,
    testing::Values(
        WrongFile{"NoCertificate",
                  R"(curve.mode="server" curve.certFile="{0}/none" curve.clients="*")",
                  "curve.certFile: certificate '{0}/none': cannot be opened: No such file"},
        WrongFile{"OthersMayRead",
                  R"(curve.mode="server" curve.certFile="{0}/loose.key" curve.clients="*")",
                  "curve.certFile: certificate '{0}/loose.key_secret': others than its owner may "
                  "read it; 'chmod 600 {0}/loose.key_secret'"},
        WrongFile{"NotACertificate",
                  R"(curve.mode="server" curve.certFile="{0}/rubbish" curve.clients="*")",
                  "curve.certFile: certificate '{0}/rubbish': "},
        WrongFile{"ADirectory",
                  R"(curve.mode="server" curve.certFile="{0}/clients" curve.clients="*")",
                  "curve.certFile: certificate '{0}/clients': is no regular file"},
        WrongFile{
            "NoClients",
            R"(curve.mode="server" curve.certFile="{0}/server.key" curve.clients="{0}/nobody")",
            "curve.clients: '{0}/nobody' holds no public certificate: nobody could connect"},
        WrongFile{"ClientsThatAreNotThere",
                  R"(curve.mode="server" curve.certFile="{0}/server.key" curve.clients="{0}/none")",
                  "curve.clients: cannot read '{0}/none': No such file"},
        WrongFile{"AWrongLine",
                  R"(curve.mode="server" curve.certFile="{0}/server.key" curve.clients="{0}/list")",
                  "curve.clients: '{0}/list': line 2 is no CURVE key"},
        WrongFile{"NoServer", R"(curve.mode="client" curve.serverKey="{0}/none")",
                  "curve.serverKey: certificate '{0}/none': cannot be opened"}),
    [](const auto& tested) { return tested.param.test; });

}  // namespace
}  // namespace omzmq::test
