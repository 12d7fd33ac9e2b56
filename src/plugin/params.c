/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The omzmq authors */
/* config.h first: rsyslog's headers depend on it; then rsyslog.h: they depend on that too. */
#include "config.h"

#include "rsyslog.h"

#include "grammar/rainerscript.h"
#include "syslogd-types.h"

#include <stdlib.h>

#include "plugin/params.h"

/* rsyslog is told that every value is a string, or an array of strings: its own number readers let
 * mistakes pass. The table of the parameters is the core's. */
static struct cnfparamblk* describe(omzmq_scope scope) {
  struct cnfparamblk* block = calloc(1, sizeof *block);
  bool is_list = false;
  size_t count = 0;
  while (omzmq_parameter_name(scope, count, &is_list) != NULL) ++count;
  struct cnfparamdescr* rows = calloc(count + 1, sizeof *rows);
  if (block == NULL || rows == NULL || count == 0) {
    free(block);
    free(rows);
    return NULL;
  }
  for (size_t i = 0; i < count; ++i) {
    rows[i].name = omzmq_parameter_name(scope, i, &is_list);
    rows[i].type = is_list ? eCmdHdlrArray : eCmdHdlrString;
  }
  block->version = CNFPARAMBLK_VERSION;
  block->nParams = (unsigned short)count;
  block->descr = rows;
  return block;
}

static void free_description(struct cnfparamblk* block) {
  if (block == NULL) return;
  free(block->descr);
  free(block);
}

static omzmq_slice slice_of(es_str_t* text) {
  const omzmq_slice slice = {es_getBufAddr(text), 0, es_strlen(text)};
  return slice;
}

static omzmq_status set_list(omzmq_settings* settings, const char* name,
                             const struct cnfarray* array) {
  omzmq_slice* values = calloc((size_t)array->nmemb + 1, sizeof *values);
  if (values == NULL) return OMZMQ_INVALID;
  for (int i = 0; i < array->nmemb; ++i) values[i] = slice_of(array->arr[i]);
  const omzmq_status status = omzmq_settings_set(settings, name, values, (size_t)array->nmemb);
  free(values);
  return status;
}

/* What neither rsyslog nor we have taken. rsyslog says itself that it does not know it, unless it
 * still takes it (queue.*), but not what was meant, and nothing at all where the action is wrong.
 */
static bool tell_unknown(const omzmq_settings* settings, const struct nvlst* list) {
  bool is_right = true;
  for (; list != NULL; list = list->next) {
    if (list->bUsed) continue;
    const omzmq_slice name = slice_of(list->name);
    is_right = omzmq_settings_unknown(settings, &name) == OMZMQ_OK && is_right;
  }
  return is_right;
}

omzmq_settings* params_read(const omzmq_host* host, omzmq_scope scope, struct nvlst* list) {
  struct cnfparamblk* const block = describe(scope);
  struct cnfparamvals* const values = block == NULL ? NULL : nvlstGetParams(list, block, NULL);
  omzmq_settings* settings = values == NULL ? NULL : omzmq_settings_new(host, scope);
  bool is_right = settings != NULL;
  /* All of them, so that every mistake is named at once. */
  for (int i = 0; settings != NULL && i < block->nParams; ++i) {
    if (!values[i].bUsed) continue;
    const char* const name = block->descr[i].name;
    omzmq_status status;
    if (block->descr[i].type == eCmdHdlrArray) {
      status = set_list(settings, name, values[i].val.d.ar);
    } else {
      const omzmq_slice value = slice_of(values[i].val.d.estr);
      status = omzmq_settings_set(settings, name, &value, 1);
    }
    is_right = is_right && status == OMZMQ_OK;
  }
  if (settings != NULL) is_right = tell_unknown(settings, list) && is_right;
  if (values != NULL) cnfparamvalsDestruct(values, block);
  free_description(block);
  if (is_right) return settings;
  omzmq_settings_free(settings);
  return NULL;
}
