import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import DearestFirst, { together } from './tests/dearestFirst.ts';

const compiled = join(import.meta.dirname, 'node_modules', '.cache', 'barlow-compiled');

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: DearestFirst },
    // Hundreds of tests start the command: each of its files is compiled once, not each time.
    env: { NODE_COMPILE_CACHE: compiled },
    reporters: ['default', './tests/skipReporter.ts'],
    // A file of the second kind is read in a process that has read the sources for another: that takes longer than most tests.
    projects: [
      { extends: true, test: { name: 'apart', include: ['tests/**/*.test.ts'], exclude: together } },
      { extends: true, test: { name: 'together', include: together, isolate: false } },
    ],
  },
});
