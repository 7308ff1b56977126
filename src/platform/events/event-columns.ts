/** The SELECT list that makes a LoggedEvent of a row, without the ORM. */
export const EVENT_COLUMNS = `id, position, type, actor_type AS "actorType", actor_id AS "actorId",
  resource_type AS "resourceType", resource_id AS "resourceId", changes, details, trace_id AS "traceId",
  created_at AS "createdAt"`;

/** Of the whole log, without WHERE; its readers add that. */
export const SELECT_EVENTS = `SELECT ${EVENT_COLUMNS}, 1 AS version FROM events`;

/** The position of the last event that is committed, as a query within the statements of others. */
export const LAST_POSITION = 'SELECT coalesce(max(position), 0) FROM events';
