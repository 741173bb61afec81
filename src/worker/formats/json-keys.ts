/**
 * The keys of records in JSON, in the order in which the kernel numbers them (kernel/assembly/json.ts): those that may
 * have the level, the first that has one; MongoDB's level and time; the pid; the tags of OpenSearch Dashboards; then
 * the objects with ids, and the ids in them.
 */
export const JSON_KEYS = [
  'levelname', 'level', 'log.level', 'severity', 'lvl', 's', 't', 'process', 'pid', 'tags', 'context', 'extra',
  'request_id', 'global_request_id', 'instance', 'instance_uuid'
] as const
