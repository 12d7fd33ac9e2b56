/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */
#ifndef OMZMQ_OMZMQ_H
#define OMZMQ_OMZMQ_H

/*
 * The boundary between rsyslog's C and the C++ core: what src/plugin/module.c calls.
 *
 * Conventions
 *  1. Handles are opaque and come from a function that ends in _new; the one that ends in _free
 * takes them back and accepts NULL.
 *  2. Bytes are a pointer and a length; nothing relies on a NUL at the end. What is passed in is
 *     copied before the call returns.
 *  3. No function throws, and thread cancellation is held off inside each that may meet a point of
 * it.
 *  4. A failure that a person has to know of has been logged through the host when the call
 * returns.
 *  5. Nothing before omzmq_module_start() opens a socket, writes a file or starts a thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct omzmq_settings omzmq_settings; /* parameters of one module() or action() */
typedef struct omzmq_module omzmq_module;     /* one loaded configuration */
typedef struct omzmq_action omzmq_action;     /* one action(); outlived by its workers if need be */
typedef struct omzmq_worker omzmq_worker;     /* one rsyslog worker thread at one action */

typedef enum {
  OMZMQ_OK = 0,
  OMZMQ_SUSPENDED = 1, /* nothing of the transaction was taken: give all of it again later */
  OMZMQ_INVALID = 2    /* the configuration is wrong, or memory or descriptors are short */
} omzmq_status;

typedef enum { OMZMQ_LOG_ERROR, OMZMQ_LOG_WARNING, OMZMQ_LOG_INFO } omzmq_severity;

/* What the core needs of the daemon. Called from any thread; must not block. */
typedef struct {
  void (*log)(omzmq_severity severity, const char* text);
  bool (*stopping)(void); /* true from the moment on that the daemon shuts down */
  bool keeps_refused;     /* what is refused while it shuts down stays in the action's own queue */
} omzmq_host;

/* One rendered template of one message; laid out as rsyslog's actWrkrIParams_t, so that a
 * transaction crosses the boundary without being translated. */
typedef struct {
  const unsigned char* data;
  uint32_t capacity; /* not used */
  uint32_t size;     /* bytes */
} omzmq_slice;

/* ---- Parameters */

typedef enum { OMZMQ_MODULE, OMZMQ_ACTION } omzmq_scope;

/* The name of the scope's parameter number `index` in lower case, or NULL behind the last.
 * *is_list: it takes an array of strings. The pointer is valid for ever. Once there is a first one
 * there are all: NULL for number 0 means that memory is short. */
const char* omzmq_parameter_name(omzmq_scope scope, size_t index, bool* is_list);

/* NULL when memory is short. */
omzmq_settings* omzmq_settings_new(const omzmq_host* host, omzmq_scope scope);
void omzmq_settings_free(omzmq_settings* settings);

/* Sets a parameter. OMZMQ_INVALID: a value is wrong; the text that was logged says which and why.
 */
omzmq_status omzmq_settings_set(omzmq_settings* settings, const char* name,
                                const omzmq_slice* values, size_t count);

/* Tells of a parameter that neither the daemon nor omzmq_parameter_name() knows. If it is like one
 * of ours, what may have been meant is logged; else nothing is. OMZMQ_INVALID: to go on without it
 * would be worse than to do without the action or the module. */
omzmq_status omzmq_settings_unknown(const omzmq_settings* settings, const omzmq_slice* name);

/* ---- Module */

/* NULL when memory is short. */
omzmq_module* omzmq_module_new(const omzmq_host* host);
omzmq_status omzmq_module_configure(omzmq_module* module, const omzmq_settings* settings);

/* Starts every action made so far and returns when each has tried to open its socket, after five
 * seconds at the latest. Called once, after the daemon has forked and dropped its privileges. */
void omzmq_module_start(omzmq_module* module);

/* Waits until the actions that were freed have sent what they hold, each no longer than its
 * closeTimeout, and logs what was left. */
void omzmq_module_free(omzmq_module* module);

/* ---- Action */

/* Checks the settings as a whole, and beside those of the module's other actions. NULL: they are
 * wrong, or memory is short. An action with config.enabled="off" is never started. */
omzmq_action* omzmq_action_new(omzmq_module* module, const omzmq_settings* settings);

/* The template number `index` that the action wants rendered for each message, or NULL behind the
 * last: 0 is the payload, then the topics if they are dynamic. Valid as long as the action. */
const char* omzmq_action_template(const omzmq_action* action, size_t index);

/* The name under which the action's statistics are shown. Valid as long as the action. */
const char* omzmq_action_name(const omzmq_action* action);

/* Begins to stop the action and does not wait for it: omzmq_module_free() does, so that several
 * actions stop side by side. Workers may be freed before or after. */
void omzmq_action_free(omzmq_action* action);

/* Opens the action's own files anew, and reads anew who may connect to it. From the daemon's main
 * thread, while workers run. */
void omzmq_action_hup(omzmq_action* action);

/* ---- Worker */

/* From the worker's own thread. NULL when memory is short. Where threads or file descriptors are
 * short, the worker refuses its transactions until there are some. */
omzmq_worker* omzmq_worker_new(omzmq_action* action);
void omzmq_worker_free(omzmq_worker* worker);

/* Takes a transaction whole or not at all. `slices` holds, for each of `count` messages, one slice
 * for each template of the action. Returns OMZMQ_OK or OMZMQ_SUSPENDED; waits no longer than
 * handoff.timeout, with handoff.full="dropOldest" up to a second more. */
omzmq_status omzmq_worker_submit(omzmq_worker* worker, const omzmq_slice* slices, size_t count);

/* OMZMQ_OK when what was refused last would be taken now. */
omzmq_status omzmq_worker_ready(omzmq_worker* worker);

/* ---- Statistics */

/* The name of counter number `index`, or NULL behind the last. *is_gauge: it goes up and down, or
 * is a peak, and so must not be reset. */
const char* omzmq_counter_name(size_t index, bool* is_gauge);

/* Writes the present value of each counter to values[0 .. count-1]; those of the latency are of
 * what was sent since the last call. Any thread. */
void omzmq_action_counters(const omzmq_action* action, uint64_t* values, size_t count);

#ifdef __cplusplus
}
#endif

#endif
