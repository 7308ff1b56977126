/** The statements that the ORM sends from now on, as it sends them. */
export function captureStatements(dataSource) {
  const captured = [];
  const silent = () => undefined;
  dataSource.logger = {
    logQuery: (sql, parameters) => captured.push({ sql, parameters }),
    logQueryError: silent,
    logQuerySlow: silent,
    logSchemaBuild: silent,
    logMigration: silent,
    log: silent,
  };
  return captured;
}
