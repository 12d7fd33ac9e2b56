/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */
#ifndef OMZMQ_PLUGIN_PARAMS_H
#define OMZMQ_PLUGIN_PARAMS_H

#include <omzmq/omzmq.h>

struct nvlst;

/* Reads what rsyslog has parsed of a module() or action() statement. NULL: something is wrong with
 * it or memory is short; every mistake that was found has been logged. */
omzmq_settings* params_read(const omzmq_host* host, omzmq_scope scope, struct nvlst* list);

#endif
