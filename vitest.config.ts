import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import DearestFirst from './tests/dearestFirst.ts';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: DearestFirst },
    // Hundreds of tests start the command: each of its files is compiled once, not each time.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules', '.cache', 'barlow-compiled') },
    reporters: ['default', './tests/skipReporter.ts'],
  },
});
