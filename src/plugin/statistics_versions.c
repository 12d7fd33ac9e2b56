/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */
/* config.h first: rsyslog's headers depend on it; then rsyslog.h: they depend on that too. */
#include "config.h"

#include "rsyslog.h"

#include "statsobj.h"

#include <stddef.h>

#include "plugin/daemon.h"

enum {
  kFunctionsAt = offsetof(daemon_interface, functions),
  kPlaceInOurHeaders = (offsetof(statsobj_if_t, AddCounter) - kFunctionsAt) / sizeof(void (*)(void))
};
_Static_assert(offsetof(statsobj_if_t, DebugPrint) == kFunctionsAt,
               "an interface begins otherwise");
_Static_assert(offsetof(statsobj_if_t, GetAllStatsLines) ==
                   kFunctionsAt + 9 * sizeof(void (*)(void)),
               "the functions before AddCounter are others");

/* 13 is that of rsyslog 8.2302 to 8.2512, 14 of 8.2602 to 8.2606, 16 of 8.2608; 15 was in no
 * release.
 */
const statistics_version kStatisticsVersions[] = {
    {statsobjCURR_IF_VERSION, kPlaceInOurHeaders}, {16, 12}, {15, 11}, {14, 11}, {13, 10}, {0, 0}};
