import { defineConfig } from 'vitest/config';

/** Tests of real processes, kills, sizes and levels of significance: a minute each, for every mutant that they touch. */
const slow = ['Kills', 'processes', 'Repositories', 'Failures', 'golden', 'Level'];

/** The tests that `npm run mutate` runs: those of one room. */
export default defineConfig({
  test: {
    include: [`tests/${process.env.MUTATED_ROOM}/**/*.test.ts`],
    exclude: slow.map((name) => `**/*${name}.test.ts`),
    testTimeout: 120_000,
  },
});
