import type { SerializedError } from 'vitest';
import { MinimalReporter } from 'vitest/node';
import type { TestCase, TestModule, TestRunEndReason, TestSpecification } from 'vitest/node';
import { SEED } from './seed.js';

const EVERY_MS = 10_000;

const SCRIPTS: Record<string, string> = { fast: 'test', slow: 'run test:slow', browser: 'run test:browser' };

/** Tells every ten seconds how far the tests are; and of each failure, how to run that test alone with the same seed. */
export default class ProgressReporter extends MinimalReporter {
  private readonly startedAt = performance.now();
  private timer?: NodeJS.Timeout;
  private files = { done: 0, all: 0 };
  private readonly tests = { passed: 0, failed: 0, skipped: 0, pending: 0 };

  override onTestRunStart(specifications: readonly TestSpecification[]): void {
    super.onTestRunStart(specifications);
    this.files.all = specifications.length;
    this.tell();
    this.timer = setInterval(() => this.tell(), EVERY_MS);
  }

  override onTestCaseResult(test: TestCase): void {
    super.onTestCaseResult(test);
    const { state } = test.result();
    this.tests[state] += 1;
    if (state === 'failed') this.log(`  FAIL  ${test.module.relativeModuleId} > ${test.fullName}`);
  }

  override onTestModuleEnd(module: TestModule): void {
    super.onTestModuleEnd(module);
    this.files.done += 1;
  }

  override onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    clearInterval(this.timer);
    super.onTestRunEnd(modules, errors, reason);
    const failed = modules.flatMap((module) => [...module.children.allTests('failed')]);
    if (failed.length > 0) this.log('Each failed test alone, with the seed of this run:');
    for (const test of failed) this.log(`  ${commandFor(test)}`);
    const { passed, failed: failures, skipped } = this.tests;
    this.log(`${passed} passed, ${failures} failed, ${skipped} skipped`);
  }

  /** The lines of failed files come with their errors, at the end. */
  protected override printTestModule(): void {
    return;
  }

  private tell(): void {
    const seconds = Math.round((performance.now() - this.startedAt) / 1000);
    const { passed, failed, skipped } = this.tests;
    const { done, all } = this.files;
    this.log(
      `${String(seconds).padStart(4)} s  ${done} of ${all} files, ${passed + failed + skipped} tests, ${failed} failed`,
    );
  }
}

function commandFor(test: TestCase): string {
  const pattern = test.fullName.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`).replaceAll(' > ', ' ');
  const script = SCRIPTS[test.project.name] ?? 'test';
  return `TEST_SEED=${SEED} npm ${script} -- ${test.module.relativeModuleId} -t '${pattern.replaceAll("'", '.')}'`;
}
