/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */
/* config.h first: rsyslog's headers depend on it; then rsyslog.h: they depend on that too. */
#include "config.h"

#include "rsyslog.h"

#include "errmsg.h"
#include "module-template.h"
#include "statsobj.h"

#include <stdlib.h>

#include "plugin/impstats.h"

enum { kMostCounters = 32 };

struct impstats {
  statsobj_t* object;
  const omzmq_action* action;
  size_t count;
  bool is_gauge[kMostCounters];
  /* What impstats reads, and sets to 0 where it resets counters: so a counter is moved on by what
   * has come since the last look, instead of being set to the total. */
  intctr_t shown[kMostCounters];
  uint64_t total[kMostCounters];
};

DEFobjCurrIf(obj) DEFobjCurrIf(statsobj) static bool is_available = false;

void impstats_init(void) {
  DEFiRet;
  CHKiRet(objGetObjInterface(&obj));
  CHKiRet(objUse(statsobj, CORE_COMPONENT));
  is_available = true;
finalize_it:
  if (iRet != RS_RET_OK) {
    LogMsg(
        0, iRet, LOG_WARNING,
        "omzmq: this rsyslogd has another statistics interface than the one omzmq was built for: "
        "impstats shows nothing of omzmq; everything else works");
  }
}

static void refresh(statsobj_t* object __attribute__((unused)), void* context) {
  impstats* const stats = context;
  uint64_t now[kMostCounters] = {0};
  omzmq_action_counters(stats->action, now, stats->count);
  for (size_t i = 0; i < stats->count; ++i) {
    stats->shown[i] = stats->is_gauge[i] ? now[i] : stats->shown[i] + (now[i] - stats->total[i]);
    stats->total[i] = now[i];
  }
}

impstats* impstats_new(const omzmq_action* action) {
  DEFiRet;
  impstats* stats = NULL;
  const char* name;
  if (!is_available || (stats = calloc(1, sizeof *stats)) == NULL) return NULL;
  stats->action = action;
  CHKiRet(statsobj.Construct(&stats->object));
  CHKiRet(statsobj.SetName(stats->object, (uchar*)omzmq_action_name(action)));
  CHKiRet(statsobj.SetOrigin(stats->object, (uchar*)"omzmq"));
  CHKiRet(statsobj.SetReadNotifier(stats->object, refresh, stats));
  for (size_t i = 0; i < kMostCounters; ++i) {
    if ((name = omzmq_counter_name(i, &stats->is_gauge[i])) == NULL) break;
    CHKiRet(statsobj.AddCounter(stats->object, (uchar*)name, ctrType_IntCtr,
                                stats->is_gauge[i] ? CTR_FLAG_NONE : CTR_FLAG_RESETTABLE,
                                &stats->shown[i]));
    stats->count = i + 1;
  }
  CHKiRet(statsobj.ConstructFinalize(stats->object));
finalize_it:
  if (iRet != RS_RET_OK) {
    LogError(0, iRet, "omzmq[%s]: no statistics", omzmq_action_name(action));
    impstats_free(stats);
    return NULL;
  }
  return stats;
}

void impstats_free(impstats* stats) {
  if (stats == NULL) return;
  if (stats->object != NULL) statsobj.Destruct(&stats->object);
  free(stats);
}
