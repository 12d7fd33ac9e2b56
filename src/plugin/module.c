/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */

/*
 * rsyslog's entry points: each translates and forwards to the core (omzmq.h), nothing else.
 *
 * Concurrency: rsyslog calls commitTransaction and tryResume from several workers at a time, each
 * with its own wrkrInstanceData_t; everything else from its main thread, doHUP while workers run.
 * The core does its own locking; there is no mutable state in this file that rsyslog's own macros do
 * not ask for.
 */
#include "config.h"
/* config.h first: rsyslog's headers depend on it. */
#include "rsyslog.h"
#include "conf.h"
#include "syslogd-types.h"
#include "srUtils.h"
#include "template.h"
#include "module-template.h"
#include "errmsg.h"
#include "glbl.h"

#include <omzmq/omzmq.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/impstats.h"
#include "plugin/params.h"

MODULE_TYPE_OUTPUT;
MODULE_TYPE_KEEP; /* libzmq's and our threads must not find their code unmapped */
MODULE_CNFNAME("omzmq")

DEF_OMOD_STATIC_DATA;

/* The slices of the core are rsyslog's parameters under another name. */
_Static_assert(sizeof(omzmq_slice) == sizeof(actWrkrIParams_t), "sizes differ");
_Static_assert(offsetof(omzmq_slice, data) == offsetof(actWrkrIParams_t, param), "data");
_Static_assert(offsetof(omzmq_slice, size) == offsetof(actWrkrIParams_t, lenStr), "size");

struct modConfData_s {
  rsconf_t *pConf;
  omzmq_module *module;
};

typedef struct _instanceData {
  omzmq_action *action;
  impstats *stats;
} instanceData;

typedef struct wrkrInstanceData {
  instanceData *pData; /* gone, maybe, when freeWrkrInstance comes */
  omzmq_worker *worker;
} wrkrInstanceData_t;

static modConfData_t *loadModConf = NULL; /* the configuration that is being loaded */

static void write_log(omzmq_severity severity, const char *text) {
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

static bool is_stopping(void) {
  return __atomic_load_n(&bTerminateInputs, __ATOMIC_RELAXED) != 0;
}

static const omzmq_host host = {write_log, is_stopping};

/* ---- The module's configuration */

BEGINbeginCnfLoad
CODESTARTbeginCnfLoad;
  loadModConf = pModConf;
  pModConf->pConf = pConf;
  pModConf->module = omzmq_module_new(&host);
ENDbeginCnfLoad

BEGINsetModCnf
CODESTARTsetModCnf;
  omzmq_settings *const settings = params_read(&host, OMZMQ_MODULE, lst);
  if (settings == NULL || loadModConf->module == NULL ||
      omzmq_module_configure(loadModConf->module, settings) != OMZMQ_OK) {
    iRet = RS_RET_MISSING_CNFPARAMS;
  }
  omzmq_settings_free(settings);
ENDsetModCnf

BEGINendCnfLoad
CODESTARTendCnfLoad;
  loadModConf = NULL;
ENDendCnfLoad

BEGINcheckCnf
CODESTARTcheckCnf;
ENDcheckCnf

BEGINactivateCnf
CODESTARTactivateCnf;
  if (pModConf->module != NULL) omzmq_module_start(pModConf->module);
ENDactivateCnf

BEGINfreeCnf
CODESTARTfreeCnf;
  omzmq_module_free(pModConf->module);
ENDfreeCnf

/* ---- Actions */

BEGINisCompatibleWithFeature
CODESTARTisCompatibleWithFeature;
ENDisCompatibleWithFeature

BEGINcreateInstance
CODESTARTcreateInstance;
ENDcreateInstance

BEGINfreeInstance
CODESTARTfreeInstance;
  impstats_free(pData->stats);
  omzmq_action_free(pData->action);
ENDfreeInstance

/* Asks rsyslog to render the action's templates. */
static rsRetVal request_templates(const omzmq_action *action, omodStringRequest_t **request) {
  DEFiRet;
  int count = 0;
  while (omzmq_action_template(action, (size_t)count) != NULL) ++count;
  CHKiRet(OMSRconstruct(request, count));
  for (int i = 0; i < count; ++i) {
    uchar *name;
    CHKmalloc(name = (uchar *)strdup(omzmq_action_template(action, (size_t)i)));
    CHKiRet(OMSRsetEntry(*request, i, name, OMSR_NO_RQD_TPL_OPTS)); /* owns the name from here on */
  }
finalize_it:
  RETiRet;
}

BEGINnewActInst
  omzmq_settings *settings = NULL;
CODESTARTnewActInst;
  if (loadModConf == NULL || loadModConf->module == NULL) ABORT_FINALIZE(RS_RET_OUT_OF_MEMORY);
  settings = params_read(&host, OMZMQ_ACTION, lst);
  if (settings == NULL) ABORT_FINALIZE(RS_RET_MISSING_CNFPARAMS);
  CHKiRet(createInstance(&pData));
  pData->action = omzmq_action_new(loadModConf->module, settings);
  if (pData->action == NULL) ABORT_FINALIZE(RS_RET_MISSING_CNFPARAMS);
  CHKiRet(request_templates(pData->action, ppOMSR));
  pData->stats = impstats_new(pData->action);
CODE_STD_FINALIZERnewActInst;
  omzmq_settings_free(settings);
ENDnewActInst

BEGINdbgPrintInstInfo
CODESTARTdbgPrintInstInfo;
  dbgprintf("omzmq: %s\n", omzmq_action_name(pData->action));
ENDdbgPrintInstInfo

BEGINdoHUP
CODESTARTdoHUP;
  omzmq_action_hup(pData->action);
ENDdoHUP

/* ---- Workers */

BEGINcreateWrkrInstance
CODESTARTcreateWrkrInstance;
  pWrkrData->worker = omzmq_worker_new(pData->action);
  if (pWrkrData->worker == NULL) {
    free(pWrkrData);
    *ppWrkrData = NULL;
    return RS_RET_OUT_OF_MEMORY;
  }
ENDcreateWrkrInstance

BEGINfreeWrkrInstance
CODESTARTfreeWrkrInstance;
  omzmq_worker_free(pWrkrData->worker);
ENDfreeWrkrInstance

BEGINtryResume
CODESTARTtryResume;
  iRet = omzmq_worker_ready(pWrkrData->worker) == OMZMQ_OK ? RS_RET_OK : RS_RET_SUSPENDED;
ENDtryResume

BEGINbeginTransaction
CODESTARTbeginTransaction;
ENDbeginTransaction

/* Never anything but OK and SUSPENDED: every other status wedges the action. */
BEGINcommitTransaction
CODESTARTcommitTransaction;
  if (omzmq_worker_submit(pWrkrData->worker, (const omzmq_slice *)pParams, nParams) != OMZMQ_OK) {
    iRet = RS_RET_SUSPENDED;
  }
ENDcommitTransaction

/* ---- Registration */

NO_LEGACY_CONF_parseSelectorAct

BEGINmodExit
CODESTARTmodExit;
ENDmodExit

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
