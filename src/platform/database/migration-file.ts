import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = /^[A-Za-z][A-Za-z0-9]*([-_ ][A-Za-z0-9]+)*$/;
const WIDTH = 110;

/**
 * Writes a migration in the style of those that are there, and adds it to `index.ts`.
 * @returns the path of the new file
 */
export function writeMigration(
  folder: string,
  name: string,
  statements: { up: readonly string[]; down: readonly string[] },
): string {
  const words = wordsOf(name);
  const index = readFileSync(join(folder, 'index.ts'), 'utf8');
  // Later than all others, also if their clock was ahead.
  const newest = Math.max(...[...index.matchAll(/\.\/(\d{13})-/g)].map(([, time]) => Number(time)));
  const timestamp = Math.max(Date.now(), newest + 1);
  const className = `${words.map(capitalized).join('')}${timestamp}`;
  const file = `${timestamp}-${words.join('-')}`;
  writeFileSync(join(folder, `${file}.ts`), migrationSource(className, statements), { flag: 'wx' });
  writeFileSync(join(folder, 'index.ts'), withMigration(index, className, file));
  return join(folder, `${file}.ts`);
}

export const isMigrationName = (name: string): boolean => NAME.test(name);

const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[-_ ]/);

function migrationSource(
  className: string,
  { up, down }: { up: readonly string[]; down: readonly string[] },
) {
  return `import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ${className} implements MigrationInterface {
  name = '${className}';

  async up(queryRunner: QueryRunner): Promise<void> {
${up.map(call).join('\n')}
  }

  async down(queryRunner: QueryRunner): Promise<void> {
${down.map(call).join('\n')}
  }
}
`;
}

/** As prettier would break it. */
function call(statement: string): string {
  const sql = `\`${statement.replace(/[\\`]|\$\{/g, '\\$&')}\``;
  const line = `    await queryRunner.query(${sql});`;
  return line.length <= WIDTH ? line : `    await queryRunner.query(\n      ${sql},\n    );`;
}

function withMigration(index: string, className: string, file: string): string {
  return index
    .replace(/\n\n/, `\nimport { ${className} } from './${file}.js';\n\n`)
    .replace('\n] as const', `\n  ${className},\n] as const`);
}

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
