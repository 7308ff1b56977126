/** The SELECT list that makes a LoggedEvent of a row, without the ORM. */
export const EVENT_COLUMNS = `id, position, type, actor_type AS "actorType", actor_id AS "actorId",
  resource_type AS "resourceType", resource_id AS "resourceId", changes, details, trace_id AS "traceId",
  created_at AS "createdAt"`;
