import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { NestLogger } from './logger.js';

let lines: Record<string, unknown>[];
let logger: NestLogger;

beforeEach(() => {
  lines = [];
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  logger = new NestLogger(pino({ level: 'info' }, { write }));
});

describe("Nest's logger", () => {
  it('keeps quiet about every module and route at start', () => {
    logger.log('TypeOrmModule dependencies initialized', 'InstanceLoader');
    logger.log('Mapped {/v1/products, GET} route', 'RouterExplorer');
    logger.log('Something to know', 'Mailer');
    expect(lines).toMatchObject([{ level: 30, context: 'Mailer', msg: 'Something to know' }]);
  });

  it('takes fields beside the message', () => {
    logger.warn({ job: 'tests.note', msg: 'It failed' }, 'JobRunner');
    logger.warn({ job: 'tests.note' }, 'JobRunner');
    expect(lines).toMatchObject([
      { level: 40, context: 'JobRunner', job: 'tests.note', msg: 'It failed' },
      { level: 40, context: 'JobRunner', job: 'tests.note', msg: '' },
    ]);
  });
});
