import type { Reporter, TestModule } from 'vitest/node';

/** Says, after all else, how many tests were skipped and which: what did not run has not passed. */
export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests('skipped')].map((test) => ({ file: module.relativeModuleId, name: test.fullName })),
    );
    const byFile = Map.groupBy(skipped, ({ file }) => file);
    const lines = [...byFile].flatMap(([file, tests]) => [`  ${file}`, ...tests.map(({ name }) => `    ${name}`)]);
    process.stdout.write(
      skipped.length === 0
        ? '\nNo test was skipped.\n'
        : `\n${skipped.length} tests were skipped:\n${lines.join('\n')}\n`,
    );
  }
}
