/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */

/*
 * rsyslog's entry points: each translates and forwards to the core (omzmq.h), nothing else. They
 * are plain functions with the signatures that rsyslog expects; of its macros only those are used
 * that register them, at the end.
 *
 * Concurrency: rsyslog calls commitTransaction and tryResume from several workers at a time, each
 * with its own wrkrInstanceData_t; everything else from its main thread, doHUP while workers run.
 * The core does its own locking. `loading` is the main thread's.
 */

/* config.h first: rsyslog's headers depend on it; then rsyslog.h: they depend on that too. */
#include "config.h"

#include "rsyslog.h"

#include "conf.h"
#include "errmsg.h"
#include "glbl.h"
#include "module-template.h"
#include "srUtils.h"
#include "syslogd-types.h"
#include "template.h"

#include <omzmq/omzmq.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/daemon.h"
#include "plugin/impstats.h"
#include "plugin/params.h"

/* The slices of the core are rsyslog's parameters under another name. */
_Static_assert(sizeof(omzmq_slice) == sizeof(actWrkrIParams_t), "sizes differ");
_Static_assert(offsetof(omzmq_slice, data) == offsetof(actWrkrIParams_t, param), "data");
_Static_assert(offsetof(omzmq_slice, size) == offsetof(actWrkrIParams_t, lenStr), "size");

struct modConfData_s {
  rsconf_t* pConf; /* rsyslog wants it here */
  omzmq_host host;
  omzmq_module* module;
};

typedef struct instanceData {
  omzmq_action* action;
  impstats* stats;
} instanceData;

typedef struct wrkrInstanceData {
  omzmq_worker* worker;
} wrkrInstanceData_t;

static modConfData_t* loading = NULL; /* the configuration between beginCnfLoad and endCnfLoad */

static void write_log(omzmq_severity severity, const char* text) {
  switch (severity) {
    case OMZMQ_LOG_ERROR:
      LogError(0, NO_ERRCODE, "%s", text);
      break;
    case OMZMQ_LOG_WARNING:
      LogMsg(0, NO_ERRCODE, LOG_WARNING, "%s", text);
      break;
    case OMZMQ_LOG_INFO:
      LogMsg(0, NO_ERRCODE, LOG_INFO, "%s", text);
      break;
  }
}

static bool is_stopping(void) { return __atomic_load_n(&bTerminateInputs, __ATOMIC_RELAXED) != 0; }

/* ---- The module's configuration */

static rsRetVal beginCnfLoad(modConfData_t** conf, rsconf_t* rsyslog_conf) {
  *conf = calloc(1, sizeof **conf);
  if (*conf == NULL) return RS_RET_OUT_OF_MEMORY;
  (*conf)->pConf = rsyslog_conf;
  (*conf)->host = (omzmq_host){write_log, is_stopping, daemon_keeps_refused()};
  (*conf)->module = omzmq_module_new(&(*conf)->host);
  loading = *conf;
  return (*conf)->module == NULL ? RS_RET_OUT_OF_MEMORY : RS_RET_OK;
}

static rsRetVal setModCnf(struct nvlst* list) {
  omzmq_settings* const settings = params_read(&loading->host, OMZMQ_MODULE, list);
  if (settings == NULL) return RS_RET_MISSING_CNFPARAMS;
  const omzmq_status status = omzmq_module_configure(loading->module, settings);
  omzmq_settings_free(settings);
  return status == OMZMQ_OK ? RS_RET_OK : RS_RET_MISSING_CNFPARAMS;
}

static rsRetVal endCnfLoad(modConfData_t* conf ATTR_UNUSED) {
  loading = NULL;
  return RS_RET_OK;
}

static rsRetVal checkCnf(modConfData_t* conf ATTR_UNUSED) { return RS_RET_OK; }

/* After the fork and the drop of privileges: the first place where threads and sockets may begin.
 */
static rsRetVal activateCnf(modConfData_t* conf) {
  omzmq_module_start(conf->module);
  return RS_RET_OK;
}

static rsRetVal freeCnf(void* conf) {
  omzmq_module_free(((modConfData_t*)conf)->module);
  free(conf);
  return RS_RET_OK;
}

static rsRetVal modExit(void) { return RS_RET_OK; }

/* ---- Actions */

static rsRetVal freeInstance(void* instance) {
  instanceData* const data = instance;
  impstats_free(data->stats);
  omzmq_action_free(data->action);
  free(data);
  return RS_RET_OK;
}

/* Asks rsyslog to render the action's templates. */
static rsRetVal request_templates(const omzmq_action* action, omodStringRequest_t** request) {
  DEFiRet;
  int count = 0;
  while (omzmq_action_template(action, (size_t)count) != NULL) ++count;
  CHKiRet(OMSRconstruct(request, count));
  for (int i = 0; i < count; ++i) {
    uchar* name;
    CHKmalloc(name = (uchar*)strdup(omzmq_action_template(action, (size_t)i)));
    CHKiRet(OMSRsetEntry(*request, i, name, OMSR_NO_RQD_TPL_OPTS)); /* takes the name over */
  }
finalize_it:
  RETiRet;
}

static rsRetVal newActInst(uchar* name ATTR_UNUSED, struct nvlst* list, void** instance,
                           omodStringRequest_t** request) {
  DEFiRet;
  instanceData* data = NULL;
  *request = NULL;
  omzmq_settings* const settings = params_read(&loading->host, OMZMQ_ACTION, list);
  if (settings == NULL) return RS_RET_MISSING_CNFPARAMS;
  CHKmalloc(data = calloc(1, sizeof *data));
  data->action = omzmq_action_new(loading->module, settings);
  if (data->action == NULL) ABORT_FINALIZE(RS_RET_MISSING_CNFPARAMS);
  CHKiRet(request_templates(data->action, request));
  data->stats = impstats_new(data->action);
  *instance = data;
finalize_it:
  omzmq_settings_free(settings);
  if (iRet != RS_RET_OK) {
    if (*request != NULL) OMSRdestruct(*request);
    *request = NULL;
    if (data != NULL) freeInstance(data);
  }
  RETiRet;
}

static rsRetVal dbgPrintInstInfo(void* instance) {
  dbgprintf("omzmq: %s\n", omzmq_action_name(((instanceData*)instance)->action));
  return RS_RET_OK;
}

static rsRetVal doHUP(instanceData* data) {
  omzmq_action_hup(data->action);
  return RS_RET_OK;
}

static rsRetVal isCompatibleWithFeature(syslogFeature feature ATTR_UNUSED) {
  return RS_RET_INCOMPATIBLE;
}

/* ---- Workers */

static rsRetVal createWrkrInstance(wrkrInstanceData_t** worker, instanceData* data) {
  *worker = calloc(1, sizeof **worker);
  if (*worker == NULL) return RS_RET_OUT_OF_MEMORY;
  (*worker)->worker = omzmq_worker_new(data->action);
  if ((*worker)->worker != NULL) return RS_RET_OK;
  free(*worker);
  *worker = NULL;
  return RS_RET_OUT_OF_MEMORY;
}

/* The instance may be gone already: rsyslog before 8.2512 frees it first. */
static rsRetVal freeWrkrInstance(void* worker) {
  omzmq_worker_free(((wrkrInstanceData_t*)worker)->worker);
  free(worker);
  return RS_RET_OK;
}

static rsRetVal tryResume(wrkrInstanceData_t* worker) {
  return omzmq_worker_ready(worker->worker) == OMZMQ_OK ? RS_RET_OK : RS_RET_SUSPENDED;
}

static rsRetVal beginTransaction(wrkrInstanceData_t* worker ATTR_UNUSED) { return RS_RET_OK; }

/* Never anything but OK and SUSPENDED: every other status wedges the action. */
static rsRetVal commitTransaction(wrkrInstanceData_t* const worker, actWrkrIParams_t* const params,
                                  const unsigned count) {
  const omzmq_slice* const slices = (const omzmq_slice*)params;
  if (omzmq_worker_submit(worker->worker, slices, count) == OMZMQ_OK) return RS_RET_OK;
  /* While it stops, rsyslog before 8.2606 offers a refused transaction for ever, until it cancels
   * this thread; and its loop has no point where that could happen. */
  if (is_stopping()) pthread_testcancel();
  return RS_RET_SUSPENDED;
}

/* ---- Registration, in rsyslog's macros: they look for the functions above by their names */

/* clang-format off */
MODULE_TYPE_OUTPUT;
MODULE_TYPE_KEEP; /* libzmq's and our threads must not find their code unmapped */
MODULE_CNFNAME("omzmq")

DEF_OMOD_STATIC_DATA;

NO_LEGACY_CONF_parseSelectorAct

BEGINqueryEtryPt
CODESTARTqueryEtryPt
  CODEqueryEtryPt_STD_OMODTX_QUERIES
  CODEqueryEtryPt_STD_OMOD8_QUERIES
  CODEqueryEtryPt_STD_CONF2_OMOD_QUERIES
  CODEqueryEtryPt_STD_CONF2_QUERIES
  CODEqueryEtryPt_STD_CONF2_setModCnf_QUERIES
  CODEqueryEtryPt_doHUP
ENDqueryEtryPt

BEGINmodInit()
CODESTARTmodInit;
  *ipIFVersProvided = CURR_MOD_IF_VERSION;
CODEmodInit_QueryRegCFSLineHdlr;
  impstats_init();
ENDmodInit
    /* clang-format on */
