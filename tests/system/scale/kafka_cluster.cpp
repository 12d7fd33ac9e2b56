// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// A Kafka cluster for tests: three brokers, which librdkafka brings along as its mock cluster, on
// ports of 127.0.0.1. Prints the brokers' addresses as a line, then the payload of each message of
// the topic as a line, as a consumer gets them. SIGUSR1: the first broker goes; SIGUSR2: it comes
// back; SIGTERM: the end.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

constexpr const char* kTopic = "events";
constexpr int kBrokers = 3;
constexpr int kPartitions = 6;
constexpr int kWaitMs = 20;

using Handle = std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)>;
using Cluster = std::unique_ptr<rd_kafka_mock_cluster_t, decltype(&rd_kafka_mock_cluster_destroy)>;

volatile std::sig_atomic_t came = 0;

Handle make(rd_kafka_type_t type, const char* brokers) {
  std::array<char, 512> why{};
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  if (brokers != nullptr) {
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why.data(), why.size());
  }
  if (type == RD_KAFKA_CONSUMER) {
    rd_kafka_conf_set(conf, "group.id", "test", why.data(), why.size());
  }
  rd_kafka_t* const made = rd_kafka_new(type, conf, why.data(), why.size());
  if (made == nullptr) throw std::runtime_error(why.data());
  return {made, rd_kafka_destroy};
}

void consume_from_the_beginning(rd_kafka_t* consumer) {
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_topic_partition_list_t* const all = rd_kafka_topic_partition_list_new(kPartitions);
  for (int partition = 0; partition < kPartitions; ++partition) {
    rd_kafka_topic_partition_list_add(all, kTopic, partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  const rd_kafka_resp_err_t error = rd_kafka_assign(consumer, all);
  rd_kafka_topic_partition_list_destroy(all);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
}

void print_next(rd_kafka_t* consumer) {
  rd_kafka_message_t* const message = rd_kafka_consumer_poll(consumer, kWaitMs);
  if (message == nullptr) return;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    std::fwrite(message->payload, 1, message->len, stdout);
    std::putchar('\n');
    std::fflush(stdout);
  } else {
    // Such as a broker that is away.
    std::fprintf(stderr, "%s\n", rd_kafka_message_errstr(message));
  }
  rd_kafka_message_destroy(message);
}

void run() {
  const Handle owner = make(RD_KAFKA_PRODUCER, nullptr);
  const Cluster cluster(rd_kafka_mock_cluster_new(owner.get(), kBrokers),
                        rd_kafka_mock_cluster_destroy);
  if (!cluster) throw std::runtime_error("librdkafka makes no mock cluster");
  rd_kafka_mock_topic_create(cluster.get(), kTopic, kPartitions, kBrokers);
  for (int partition = 0; partition < kPartitions; ++partition) {
    // Left alone, one broker may lead all of them.
    rd_kafka_mock_partition_set_leader(cluster.get(), kTopic, partition, 1 + partition % kBrokers);
  }
  const char* const brokers = rd_kafka_mock_cluster_bootstraps(cluster.get());
  std::printf("%s\n", brokers);
  std::fflush(stdout);
  const Handle consumer = make(RD_KAFKA_CONSUMER, brokers);
  consume_from_the_beginning(consumer.get());
  while (came != SIGTERM) {
    if (came == SIGUSR1) rd_kafka_mock_broker_set_down(cluster.get(), 1);
    if (came == SIGUSR2) rd_kafka_mock_broker_set_up(cluster.get(), 1);
    came = 0;
    print_next(consumer.get());
  }
  rd_kafka_consumer_close(consumer.get());
}

}  // namespace

int main() {
  struct sigaction action {};
  action.sa_handler = [](int number) { came = number; };
  for (const int number : {SIGTERM, SIGUSR1, SIGUSR2}) sigaction(number, &action, nullptr);
  try {
    run();
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kafka_cluster: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
