/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */
/* impstats.c as it would be had it been built for another version of rsyslog's statistics. */
#include "config.h"

#include "rsyslog.h"

#include "errmsg.h"
#include "module-template.h"
#include "statsobj.h"

#undef statsobjCURR_IF_VERSION
#define statsobjCURR_IF_VERSION 9999

#include "plugin/impstats.c"
