// Part of `npm run lint`: only the feature that has the entity of a table may name the table in SQL, or ask the ORM for it.
// Others call its service, or use the queries that it exports (`*.sql.ts`) within their own statements.
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

const files = readdirSync('src', { recursive: true })
  .map((path) => `src/${path.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));

const tables = files.flatMap(({ path, text }) =>
  [...text.matchAll(/@Entity\(\{ name: '(\w+)'.*?\}\)[\s\S]*?export class (\w+)/g)].map(
    ([, table, entity]) => ({
      table,
      entity,
      owner: `${posix.dirname(path)}/`,
    }),
  ),
);
if (tables.length === 0) throw new Error('There are no entities: run this in the folder of package.json');

const faults = tables.flatMap(({ table, entity, owner }) => {
  const inSql = new RegExp(String.raw`\b(FROM|JOIN|INTO|UPDATE|USING|TABLE|ONLY)\s+${table}\b`);
  const inOrm = new RegExp(
    String.raw`(InjectRepository|getRepository|tables\.of|tx\.\w+|manager\.\w+|forFeature)\(\[?[^)]*\b${entity}\b`,
  );
  return files
    .filter(({ path, text }) => !path.startsWith(owner) && (inSql.test(text) || inOrm.test(text)))
    .map(({ path }) => `${path}: the table ${table} belongs to ${owner}`);
});

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`${tables.length} tables, each read and written by its owner only`);
