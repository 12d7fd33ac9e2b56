/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */
#ifndef OMZMQ_PLUGIN_DAEMON_H
#define OMZMQ_PLUGIN_DAEMON_H

/* What the running rsyslogd is, which need not be the one whose headers we were built with. */

/* config.h first: rsyslog's headers depend on it. */
#include "config.h"

#include "rsyslog.h"

#include <stdbool.h>

/* An interface of the daemon's, laid out as rsyslog's headers do. The daemon writes all functions
 * of its version of it: there is room for more than any has. */
enum { kMostFunctions = 254 };
typedef struct {
  int version;
  int is_loaded;
  void (*functions[kMostFunctions])(void);
} daemon_interface;

/* RS_RET_INTERFACE_NOT_SUPPORTED when the daemon has another version of it. */
rsRetVal daemon_query(const char* object, int version, daemon_interface* interface);

/* Whether what a worker's action refuses while the daemon stops stays in the action's queue. */
bool daemon_keeps_refused(void);

/* A version of rsyslog's statistics: its number, and which of its functions AddCounter is. All that
 * we use besides it stands before it, and is the same in each. */
typedef struct {
  int version;
  int add_counter;
} statistics_version;

/* Those that we can use; ends with version 0. */
extern const statistics_version kStatisticsVersions[];

#endif
