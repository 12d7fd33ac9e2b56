// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Calls the module's boundary as rsyslog's side does: from C, with nothing but omzmq.h. libzmq is
// here for the receiver only.

#include <omzmq/omzmq.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { kMostCounters = 32, kMessages = 1000, kReceiveTimeoutMs = 30000 };

static int failures = 0;

#define CHECK(condition)                                               \
  do {                                                                 \
    if (!(condition)) {                                                \
      ++failures;                                                      \
      printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                  \
  } while (0)

// ---- The daemon

static char last_text[1024];
static atomic_int lines = 0;

static void take_line(omzmq_severity severity, const char* text) {
  (void)severity;
  // They come and go when it suits them.
  if (strstr(text, "a peer has ") != NULL) return;
  snprintf(last_text, sizeof last_text, "%s", text);
  ++lines;
}
static bool is_stopping(void) { return false; }
static const omzmq_host kHost = {take_line, is_stopping, true};

static omzmq_slice slice(const char* text) {
  const omzmq_slice made = {(const unsigned char*)text, 0, (uint32_t)strlen(text)};
  return made;
}

static omzmq_status set(omzmq_settings* settings, const char* name, const char* value) {
  const omzmq_slice one = slice(value);
  return omzmq_settings_set(settings, name, &one, 1);
}

static uint64_t counter(const omzmq_action* action, const char* wanted) {
  uint64_t values[kMostCounters] = {0};
  omzmq_action_counters(action, values, kMostCounters);
  bool is_gauge = false;
  for (size_t i = 0; omzmq_counter_name(i, &is_gauge) != NULL; ++i) {
    if (strcmp(omzmq_counter_name(i, &is_gauge), wanted) == 0) return values[i];
  }
  const bool the_counter_exists = false;
  CHECK(the_counter_exists);
  return 0;
}

// A counter follows what it counts: waits until it has the value.
static bool comes_to(const omzmq_action* action, const char* wanted, uint64_t value) {
  const struct timespec pause = {0, 1000000};
  for (int i = 0; i < kReceiveTimeoutMs; ++i) {
    if (counter(action, wanted) == value) return true;
    nanosleep(&pause, NULL);
  }
  return false;
}

// ---- The tests

static void parameters_have_names_in_lower_case(void) {
  bool is_list = true;
  const char* first = omzmq_parameter_name(OMZMQ_MODULE, 0, &is_list);
  CHECK(first != NULL && strcmp(first, "iothreads") == 0);
  CHECK(!is_list);
  CHECK(omzmq_parameter_name(OMZMQ_MODULE, 1, &is_list) == NULL);

  bool found_list = false;
  bool found_single = false;
  size_t count = 0;
  for (const char* name = NULL; (name = omzmq_parameter_name(OMZMQ_ACTION, count, &is_list));) {
    for (const char* c = name; *c != '\0'; ++c) CHECK(*c < 'A' || *c > 'Z');
    if (strcmp(name, "endpoints") == 0) found_list = is_list;
    if (strcmp(name, "handoff.size") == 0) found_single = !is_list;
    CHECK(omzmq_parameter_name(OMZMQ_ACTION, count, &is_list) == name);
    ++count;
  }
  CHECK(count > 30);
  CHECK(found_list);
  CHECK(found_single);
  CHECK(omzmq_parameter_name(OMZMQ_ACTION, count + 1000, &is_list) == NULL);
}

static void a_wrong_value_is_logged_by_name(void) {
  omzmq_settings* settings = omzmq_settings_new(&kHost, OMZMQ_ACTION);
  CHECK(settings != NULL);
  lines = 0;
  CHECK(set(settings, "handoff.size", "12q") == OMZMQ_INVALID);
  CHECK(lines == 1);
  CHECK(strstr(last_text, "omzmq: handoff.size: '12q'") != NULL);
  CHECK(strstr(last_text, "64k..1g") != NULL);
  CHECK(set(settings, "nonsense", "1") == OMZMQ_INVALID);
  CHECK(strstr(last_text, "nonsense") != NULL);
  CHECK(omzmq_settings_set(settings, "topics", NULL, 0) == OMZMQ_INVALID);
  CHECK(strstr(last_text, "topics: has no value") != NULL);
  const omzmq_slice empty = {NULL, 0, 0};
  CHECK(omzmq_settings_set(settings, "statsname", &empty, 1) == OMZMQ_INVALID);
  CHECK(strstr(last_text, "statsName: '' is empty") != NULL);
  CHECK(lines == 4);
  CHECK(set(settings, "handoff.size", "1m") == OMZMQ_OK);
  CHECK(lines == 4);
  omzmq_settings_free(settings);
}

static void settings_of_the_other_scope_are_refused(void) {
  omzmq_module* module = omzmq_module_new(&kHost);
  omzmq_settings* for_module = omzmq_settings_new(&kHost, OMZMQ_MODULE);
  omzmq_settings* for_action = omzmq_settings_new(&kHost, OMZMQ_ACTION);
  CHECK(set(for_module, "iothreads", "2") == OMZMQ_OK);
  CHECK(set(for_module, "endpoints", "tcp://127.0.0.1:1") == OMZMQ_INVALID);
  CHECK(omzmq_module_configure(module, for_action) == OMZMQ_INVALID);
  CHECK(omzmq_module_configure(module, for_module) == OMZMQ_OK);
  CHECK(omzmq_action_new(module, for_module) == NULL);
  omzmq_settings_free(for_action);
  omzmq_settings_free(for_module);
  omzmq_module_free(module);
}

static void an_action_without_endpoints_is_refused(void) {
  omzmq_module* module = omzmq_module_new(&kHost);
  omzmq_settings* settings = omzmq_settings_new(&kHost, OMZMQ_ACTION);
  CHECK(set(settings, "socktype", "push") == OMZMQ_OK);
  lines = 0;
  CHECK(omzmq_action_new(module, settings) == NULL);
  CHECK(lines == 1);
  CHECK(strstr(last_text, "endpoints: is missing") != NULL);
  omzmq_settings_free(settings);
  omzmq_module_free(module);
}

static void null_is_freed(void) {
  omzmq_settings_free(NULL);
  omzmq_module_free(NULL);
  omzmq_action_free(NULL);
  omzmq_worker_free(NULL);
}

static omzmq_settings* settings_that_bind(const char* endpoint) {
  omzmq_settings* settings = omzmq_settings_new(&kHost, OMZMQ_ACTION);
  CHECK(set(settings, "socktype", "PUSH") == OMZMQ_OK);
  CHECK(set(settings, "endpoints", endpoint) == OMZMQ_OK);
  CHECK(set(settings, "closetimeout", "30000") == OMZMQ_OK);
  return settings;
}

// The path of an ipc endpoint "@ipc://path".
static const char* path_of(const char* endpoint) { return endpoint + strlen("@ipc://"); }

static void submit_numbers(omzmq_action* action) {
  omzmq_worker* worker = omzmq_worker_new(action);
  CHECK(worker != NULL);
  char texts[2][16];
  for (int i = 0; i < kMessages; i += 2) {
    snprintf(texts[0], sizeof texts[0], "%d", i);
    snprintf(texts[1], sizeof texts[1], "%d", i + 1);
    const omzmq_slice slices[2] = {slice(texts[0]), slice(texts[1])};
    while (omzmq_worker_submit(worker, slices, 2) == OMZMQ_SUSPENDED) {
    }
  }
  CHECK(omzmq_worker_ready(worker) == OMZMQ_OK);
  omzmq_worker_free(worker);
}

static void receive_numbers(void* context, const char* address) {
  void* const socket = zmq_socket(context, ZMQ_PULL);
  const int timeout = kReceiveTimeoutMs;
  CHECK(zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout, sizeof timeout) == 0);
  CHECK(zmq_connect(socket, address) == 0);
  for (int i = 0; i < kMessages; ++i) {
    char got[16] = "";
    char expected[16];
    snprintf(expected, sizeof expected, "%d", i);
    const int size = zmq_recv(socket, got, sizeof got - 1, 0);
    if (size < 0 || strcmp(got, expected) != 0) {
      const bool the_messages_come_in_order = false;
      CHECK(the_messages_come_in_order);
      break;
    }
  }
  const int linger = 0;
  zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
  zmq_close(socket);
}

static void a_whole_round(const char* endpoint) {
  omzmq_module* module = omzmq_module_new(&kHost);
  CHECK(module != NULL);
  omzmq_settings* settings = settings_that_bind(endpoint);
  CHECK(set(settings, "name", "to test") == OMZMQ_OK);
  omzmq_action* action = omzmq_action_new(module, settings);
  omzmq_settings_free(settings);
  CHECK(action != NULL);
  CHECK(strcmp(omzmq_action_name(action), "to test") == 0);
  CHECK(strcmp(omzmq_action_template(action, 0), "RSYSLOG_ForwardFormat") == 0);
  CHECK(omzmq_action_template(action, 1) == NULL);
  CHECK(access(path_of(endpoint), F_OK) != 0);

  omzmq_module_start(module);
  CHECK(access(path_of(endpoint), F_OK) == 0);
  submit_numbers(action);
  void* const context = zmq_ctx_new();
  receive_numbers(context, endpoint + 1);
  zmq_ctx_term(context);

  CHECK(counter(action, "submitted") == kMessages);
  CHECK(comes_to(action, "sent.messages", kMessages));
  CHECK(comes_to(action, "sent.frames", kMessages));
  CHECK(comes_to(action, "lane.bytes", 0));
  CHECK(counter(action, "lane.peak") > 0);
  omzmq_action_hup(action);
  lines = 0;
  omzmq_action_free(action);
  omzmq_module_free(module);
  CHECK(lines == 0);
  CHECK(access(path_of(endpoint), F_OK) != 0);
}

static void an_action_that_was_freed_is_not_started(const char* endpoint) {
  omzmq_module* module = omzmq_module_new(&kHost);
  omzmq_settings* settings = settings_that_bind(endpoint);
  omzmq_action* action = omzmq_action_new(module, settings);
  omzmq_settings_free(settings);
  omzmq_action_free(action);
  omzmq_module_start(module);
  CHECK(access(path_of(endpoint), F_OK) != 0);
  omzmq_module_free(module);
}

static void a_worker_may_be_freed_last(const char* endpoint) {
  omzmq_module* module = omzmq_module_new(&kHost);
  omzmq_settings* settings = settings_that_bind(endpoint);
  omzmq_action* action = omzmq_action_new(module, settings);
  omzmq_settings_free(settings);
  omzmq_module_start(module);
  omzmq_worker* worker = omzmq_worker_new(action);
  omzmq_action_free(action);
  omzmq_module_free(module);
  CHECK(omzmq_worker_ready(worker) == OMZMQ_OK);
  omzmq_worker_free(worker);
}

int main(void) {
  char directory[] = "/tmp/omzmq-c-api-XXXXXX";
  if (mkdtemp(directory) == NULL) return 1;
  char endpoint[64];
  snprintf(endpoint, sizeof endpoint, "@ipc://%s/socket", directory);

  parameters_have_names_in_lower_case();
  a_wrong_value_is_logged_by_name();
  settings_of_the_other_scope_are_refused();
  an_action_without_endpoints_is_refused();
  null_is_freed();
  a_whole_round(endpoint);
  an_action_that_was_freed_is_not_started(endpoint);
  a_worker_may_be_freed_last(endpoint);

  unlink(path_of(endpoint));
  rmdir(directory);
  if (failures != 0) printf("%d checks failed\n", failures);
  return failures == 0 ? 0 : 1;
}
