/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */
#ifndef OMZMQ_PLUGIN_IMPSTATS_H
#define OMZMQ_PLUGIN_IMPSTATS_H

#include <omzmq/omzmq.h>

/* The counters of one action as rsyslog's impstats shows them. */
typedef struct impstats impstats;

/* Asks the daemon for its statistics interface. It need not be of the version of the headers that
 * we were built with; where it is of none that we know, actions have no statistics, and a line in
 * the log says so. */
void impstats_init(void);

/* NULL when there can be no statistics. The action has to outlive the result. */
impstats* impstats_new(const omzmq_action* action);
void impstats_free(impstats* stats);

#endif
