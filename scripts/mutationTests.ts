/*
 * What tests import as `vitest` while mutants are tried: tests are collected and run one by one in this thread, without a runner
 * that starts anew for each mutant. Vitest's own `expect`; no more of the rest than the tests of the rooms use.
 */
export { expect } from 'vitest';

type Act = () => unknown;
type Declare = (name: string, ...rest: readonly unknown[]) => void;

export interface CollectedTest {
  /** Its place among the tests of its file, and its name. */
  readonly name: string;
  readonly run: Act;
}

interface Collected {
  readonly tests: CollectedTest[];
  readonly befores: Act[];
  readonly afters: Act[];
  readonly beforeEach: Act[];
  readonly afterEach: Act[];
}

const none = (): Collected => ({ tests: [], befores: [], afters: [], beforeEach: [], afterEach: [] });
let latest = none();
let suites: readonly string[] = [];

/** Reads a module that declares tests. */
export async function collect(read: () => Promise<unknown>): Promise<void> {
  latest = none();
  suites = [];
  await read();
}

/** What the module read last has declared, or had when it failed. */
export const collected = (): Collected => latest;

const isAct = (value: unknown): value is Act => typeof value === 'function';

function declared(name: string, rest: readonly unknown[], act: (run: Act) => void): void {
  const run = rest.find(isAct);
  if (run === undefined) throw new Error(`nothing to do in ${name}`);
  act(run);
}

/** With `each` and `skipIf`. */
function declaring(declare: Declare) {
  const each =
    (cases: readonly unknown[]): Declare =>
    (name, ...rest) => {
      for (const [at, given] of cases.entries()) {
        const values: readonly unknown[] = Array.isArray(given) ? given : [given];
        declared(name, rest, (run) => declare(`${name} (${at})`, () => Reflect.apply(run, undefined, values)));
      }
    };
  const skipIf = (skips: unknown) => (skips ? declaring(() => {}) : declaring(declare));
  return Object.assign(declare, { each, skipIf });
}

const declareTest: Declare = (name, ...rest) =>
  declared(name, rest, (run) => {
    latest.tests.push({ name: `${latest.tests.length} ${[...suites, name].join(' > ')}`, run });
  });

export const it = declaring(declareTest);
export const test = declaring(declareTest);

export const describe = declaring((name, ...rest) =>
  declared(name, rest, (run) => {
    const outer = suites;
    suites = [...outer, name];
    run();
    suites = outer;
  }),
);

/** Of the file: no suite of these rooms has any that must not run for its neighbours. */
export const beforeAll = (run: Act): void => void latest.befores.push(run);
export const afterAll = (run: Act): void => void latest.afters.push(run);
export const beforeEach = (run: Act): void => void latest.beforeEach.push(run);
export const afterEach = (run: Act): void => void latest.afterEach.push(run);
