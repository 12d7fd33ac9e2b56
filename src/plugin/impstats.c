/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */
/* config.h first: rsyslog's headers depend on it; then rsyslog.h: they depend on that too. */
#include "config.h"

#include "rsyslog.h"

#include "errmsg.h"
#include "module-template.h"
#include "statsobj.h"

#include <pthread.h>
#include <stdlib.h>

#include "plugin/daemon.h"
#include "plugin/impstats.h"

enum { kMostCounters = 32 };

struct impstats {
  statsobj_t* object;
  const omzmq_action* action;
  impstats* next;
  size_t count;
  bool is_gauge[kMostCounters];
  /* What impstats reads, and sets to 0 where it resets counters: so a counter is moved on by what
   * has come since the last look, instead of being set to the total. */
  intctr_t shown[kMostCounters];
  uint64_t total[kMostCounters];
};

/* The daemon's functions, in its own version of them. */
static union {
  daemon_interface interface;
  statsobj_if_t known; /* right up to AddCounter */
} statistics;
static rsRetVal (*daemon_add_counter)(statsobj_t*, const uchar*, statsCtrType_t, int8_t,
                                      void*) = NULL;

/* rsyslog notifies an object when its line has been written, too late for that line. So one object
 * of the module stands before those of the actions, and its notification brings all of them up to
 * date (docs/decisions/0013-statistics-are-refreshed-ahead.md). */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static statsobj_t* ahead = NULL;
static impstats* actions = NULL;
static intctr_t action_count = 0;

void impstats_init(void) {
  rsRetVal result = RS_RET_INTERFACE_NOT_SUPPORTED;
  for (const statistics_version* known = kStatisticsVersions; known->version != 0; ++known) {
    result = daemon_query("statsobj", known->version, &statistics.interface);
    if (result == RS_RET_OK) {
      daemon_add_counter = (rsRetVal(*)(statsobj_t*, const uchar*, statsCtrType_t, int8_t,
                                        void*))statistics.interface.functions[known->add_counter];
      return;
    }
  }
  LogMsg(0, result, LOG_WARNING,
         "omzmq: this rsyslogd has another statistics interface than those omzmq knows: impstats "
         "shows nothing of omzmq; everything else works");
}

static void refresh(impstats* stats) {
  uint64_t now[kMostCounters] = {0};
  omzmq_action_counters(stats->action, now, stats->count);
  for (size_t i = 0; i < stats->count; ++i) {
    const uint64_t news = now[i] - stats->total[i];
    stats->shown[i] = stats->is_gauge[i] ? now[i] : stats->shown[i] + news;
    stats->total[i] = now[i];
  }
}

static void refresh_all(statsobj_t* object ATTR_UNUSED, void* context ATTR_UNUSED) {
  pthread_mutex_lock(&mutex);
  for (impstats* stats = actions; stats != NULL; stats = stats->next) refresh(stats);
  pthread_mutex_unlock(&mutex);
}

static rsRetVal add_counter(statsobj_t* object, const char* name, bool is_gauge, intctr_t* value) {
  return daemon_add_counter(object, (const uchar*)name, ctrType_IntCtr,
                            is_gauge ? CTR_FLAG_NONE : CTR_FLAG_RESETTABLE, value);
}

static rsRetVal name_object(statsobj_t* object, const char* name) {
  DEFiRet;
  CHKiRet(statistics.known.SetName(object, (uchar*)name));
  CHKiRet(statistics.known.SetOrigin(object, (uchar*)"omzmq"));
finalize_it:
  RETiRet;
}

/* Before the first action's object is made, so that it stands before it in rsyslog's list. */
static rsRetVal make_ahead(void) {
  DEFiRet;
  if (ahead != NULL) return RS_RET_OK;
  CHKiRet(statistics.known.Construct(&ahead));
  CHKiRet(name_object(ahead, "omzmq"));
  CHKiRet(statistics.known.SetReadNotifier(ahead, refresh_all, NULL));
  CHKiRet(add_counter(ahead, "actions", true, &action_count));
  CHKiRet(statistics.known.ConstructFinalize(ahead));
finalize_it:
  RETiRet;
}

static rsRetVal make_object(impstats* stats) {
  DEFiRet;
  CHKiRet(make_ahead());
  CHKiRet(statistics.known.Construct(&stats->object));
  CHKiRet(name_object(stats->object, omzmq_action_name(stats->action)));
  for (size_t i = 0; i < kMostCounters; ++i) {
    const char* const name = omzmq_counter_name(i, &stats->is_gauge[i]);
    if (name == NULL) break;
    CHKiRet(add_counter(stats->object, name, stats->is_gauge[i], &stats->shown[i]));
    stats->count = i + 1;
  }
  CHKiRet(statistics.known.ConstructFinalize(stats->object));
finalize_it:
  RETiRet;
}

impstats* impstats_new(const omzmq_action* action) {
  impstats* stats = NULL;
  if (daemon_add_counter == NULL || (stats = calloc(1, sizeof *stats)) == NULL) return NULL;
  stats->action = action;
  pthread_mutex_lock(&mutex);
  const rsRetVal made = make_object(stats);
  stats->next = actions;
  actions = stats;
  ++action_count;
  pthread_mutex_unlock(&mutex);
  if (made == RS_RET_OK) return stats;
  LogError(0, made, "omzmq[%s]: no statistics", omzmq_action_name(action));
  impstats_free(stats);
  return NULL;
}

void impstats_free(impstats* stats) {
  if (stats == NULL) return;
  pthread_mutex_lock(&mutex);
  for (impstats** link = &actions; *link != NULL; link = &(*link)->next) {
    if (*link != stats) continue;
    *link = stats->next;
    break;
  }
  --action_count;
  if (stats->object != NULL) statistics.known.Destruct(&stats->object);
  if (actions == NULL && ahead != NULL) statistics.known.Destruct(&ahead);
  pthread_mutex_unlock(&mutex);
  free(stats);
}
