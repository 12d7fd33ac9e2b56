/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */

/*
 * The least that an output of frames over libzmq can do: the worker itself copies each message and
 * a line feed into a frame of 64 KiB and sends it, waiting as long as libzmq lets it. No thread of
 * its own, no check sum, no counter; a receiver that stops stops the worker, and what is lost is
 * lost. So what it stays below the floor is the price of libzmq, of the kernel's tcp and of the
 * receiver, and no module pays less: measure.py runs it beside omzmq.
 */

/* config.h first: rsyslog's headers depend on it; then rsyslog.h: they depend on that too. */
#include "config.h"

#include "rsyslog.h"

#include "errmsg.h"
#include "module-template.h"
#include "syslogd-types.h"
#include "template.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { kFrameBytes = 64 * 1024 };

typedef struct modConfData_s {
  rsconf_t* pConf; /* rsyslog wants it here */
} modConfData_t;

typedef struct instanceData {
  char* endpoint;
} instanceData;

typedef struct wrkrInstanceData {
  void* context;
  void* socket;
  char* frame; /* NULL between transactions */
  size_t bytes;
} wrkrInstanceData_t;

/* ---- Sending */

static void free_frame(void* data, void* hint ATTR_UNUSED) { free(data); }

static void send_frame(wrkrInstanceData_t* self) {
  zmq_msg_t message;
  zmq_msg_init_data(&message, self->frame, self->bytes, free_frame, NULL);
  self->frame = NULL;
  if (zmq_msg_send(&message, self->socket, 0) == -1) zmq_msg_close(&message);
}

static rsRetVal commitTransaction(wrkrInstanceData_t* const self, actWrkrIParams_t* const params,
                                  const unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const size_t bytes = params[i].lenStr;
    if (bytes >= kFrameBytes) return RS_RET_ERR;
    if (self->frame != NULL && self->bytes + bytes >= kFrameBytes) send_frame(self);
    if (self->frame == NULL) {
      self->frame = malloc(kFrameBytes);
      if (self->frame == NULL) return RS_RET_OUT_OF_MEMORY;
      self->bytes = 0;
    }
    memcpy(self->frame + self->bytes, params[i].param, bytes);
    self->bytes += bytes;
    self->frame[self->bytes++] = '\n';
  }
  if (self->frame != NULL) send_frame(self);
  return RS_RET_OK;
}

/* The worker's own context and socket, made in its thread. */
static rsRetVal createWrkrInstance(wrkrInstanceData_t** worker, instanceData* data) {
  wrkrInstanceData_t* const self = calloc(1, sizeof *self);
  if (self == NULL) return RS_RET_OUT_OF_MEMORY;
  *worker = self;
  self->context = zmq_ctx_new();
  self->socket = zmq_socket(self->context, ZMQ_PUSH);
  return zmq_connect(self->socket, data->endpoint) == 0 ? RS_RET_OK : RS_RET_ERR;
}

/* measure.py kills the daemon once everything has arrived. */
static rsRetVal freeWrkrInstance(void* worker ATTR_UNUSED) { return RS_RET_OK; }

/* ---- What rsyslog asks of every output */

static rsRetVal beginCnfLoad(modConfData_t** conf, rsconf_t* rsyslog_conf) {
  *conf = calloc(1, sizeof **conf);
  if (*conf == NULL) return RS_RET_OUT_OF_MEMORY;
  (*conf)->pConf = rsyslog_conf;
  return RS_RET_OK;
}

static rsRetVal endCnfLoad(modConfData_t* conf ATTR_UNUSED) { return RS_RET_OK; }
static rsRetVal checkCnf(modConfData_t* conf ATTR_UNUSED) { return RS_RET_OK; }
static rsRetVal activateCnf(modConfData_t* conf ATTR_UNUSED) { return RS_RET_OK; }

static rsRetVal freeCnf(void* conf) {
  free(conf);
  return RS_RET_OK;
}

static rsRetVal modExit(void) { return RS_RET_OK; }

static struct cnfparamdescr parameters[] = {{"endpoint", eCmdHdlrGetWord, CNFPARAM_REQUIRED},
                                            {"template", eCmdHdlrGetWord, CNFPARAM_REQUIRED}};
static struct cnfparamblk parameter_block = {CNFPARAMBLK_VERSION, 2, parameters};

static rsRetVal newActInst(uchar* name ATTR_UNUSED, struct nvlst* list, void** instance,
                           omodStringRequest_t** request) {
  struct cnfparamvals* const values = nvlstGetParams(list, &parameter_block, NULL);
  if (values == NULL) return RS_RET_MISSING_CNFPARAMS;
  instanceData* const data = calloc(1, sizeof *data);
  if (data == NULL) return RS_RET_OUT_OF_MEMORY;
  data->endpoint = es_str2cstr(values[0].val.d.estr, NULL);
  uchar* const template_name = (uchar*)es_str2cstr(values[1].val.d.estr, NULL);
  cnfparamvalsDestruct(values, &parameter_block);
  *instance = data;
  const rsRetVal made = OMSRconstruct(request, 1);
  return made == RS_RET_OK ? OMSRsetEntry(*request, 0, template_name, OMSR_NO_RQD_TPL_OPTS) : made;
}

static rsRetVal freeInstance(void* instance) {
  free(((instanceData*)instance)->endpoint);
  free(instance);
  return RS_RET_OK;
}

static rsRetVal dbgPrintInstInfo(void* instance ATTR_UNUSED) { return RS_RET_OK; }
static rsRetVal isCompatibleWithFeature(syslogFeature feature ATTR_UNUSED) {
  return RS_RET_INCOMPATIBLE;
}

static rsRetVal tryResume(wrkrInstanceData_t* worker ATTR_UNUSED) { return RS_RET_OK; }
static rsRetVal beginTransaction(wrkrInstanceData_t* worker ATTR_UNUSED) { return RS_RET_OK; }

/* clang-format off */
MODULE_TYPE_OUTPUT;
MODULE_TYPE_KEEP; /* libzmq's threads must not find its code unmapped */
MODULE_CNFNAME("ombare")

DEF_OMOD_STATIC_DATA;

NO_LEGACY_CONF_parseSelectorAct

BEGINqueryEtryPt
CODESTARTqueryEtryPt
  CODEqueryEtryPt_STD_OMODTX_QUERIES
  CODEqueryEtryPt_STD_OMOD8_QUERIES
  CODEqueryEtryPt_STD_CONF2_OMOD_QUERIES
  CODEqueryEtryPt_STD_CONF2_QUERIES
ENDqueryEtryPt

BEGINmodInit()
CODESTARTmodInit;
  *ipIFVersProvided = CURR_MOD_IF_VERSION;
CODEmodInit_QueryRegCFSLineHdlr;
ENDmodInit
    /* clang-format on */
