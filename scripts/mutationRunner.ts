import { chmodSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { matchesGlob, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { collect, collected } from './mutationTests.ts';

/*
 * A plug-in of Stryker's: runs the tests of a room in one thread. For each mutant those files are read again that reach it, and their
 * tests run until one fails; the sources stay as they were read, the mutant switched on in them. A runner of its own for each mutant
 * would take a hundred times as long. What a test file does as it is read counts as a test, too.
 */
interface Outcome {
  readonly id: string;
  readonly name: string;
  readonly status: 0 | 1;
  readonly timeSpentMs: number;
  readonly failureMessage: string;
}

/** What instrumented sources share with who runs them. */
interface Shared {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: unknown;
}

interface MutantRun {
  readonly activeMutant: { readonly id: string };
  readonly sandboxFileName: string;
  readonly mutantActivation: 'static' | 'runtime';
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
}

const shared: Shared = {};
Object.assign(globalThis, { __stryker__: shared });
/** Worker threads read it there. */
const inThreads = '__STRYKER_ACTIVE_MUTANT__';

const vitest = new URL('./mutationTests.ts', import.meta.url).href;
let round = 0;
/** Of the sources: they are read anew for a mutant that acts as they are read, or in a file that keeps something. */
let edition = 0;
const keepsSomething = /^let /m;

/** Why a mutant ends without a test that fails: a loop came by it ten times as often as in all tests without it. */
const endless = 'endless';

/** Tests find `mutationTests` under the name of vitest, and are read anew in each round, but for what looks for Python. */
registerHooks({
  resolve: (specifier, context, next) => {
    const isTest = context.parentURL?.includes('/tests/') ?? false;
    if (specifier === 'vitest' && isTest) return { url: vitest, shortCircuit: true };
    const found = next(specifier, context);
    if (/\/tests\/(?!extras).*\.ts$/.test(found.url)) return { ...found, url: `${found.url}?${round}` };
    return edition > 0 && /\/src\/.*\.ts$/.test(found.url) ? { ...found, url: `${found.url}?${edition}` } : found;
  },
});

/** Tests that cost minutes for every mutant: real processes, kills, sizes, levels of significance. */
const slow = ['Kills', 'processes', 'Repositories', 'Failures', 'golden', 'Level'].map((name) => `**/*${name}.test.ts`);
const asRead = 'as it is read';
/** In the sandbox: test files by the time they took without a mutant. */
const quickestFirst = 'quickest-first.json';

class InThread {
  readonly #files = globSync(`tests/${process.env.MUTATED_ROOM}/${process.env.MUTATED_TESTS ?? '*'}.test.ts`)
    .filter((file) => !slow.some((pattern) => matchesGlob(file, pattern)))
    .toSorted();

  capabilities() {
    return { reloadEnvironment: true };
  }

  async dryRun() {
    // Some tests read the sources as another user.
    chmodSync('.', 0o755);
    // What the sources do as they are read is of no test.
    for (const file of globSync(`src/${process.env.MUTATED_ROOM}/*.ts`))
      await import(pathToFileURL(resolve(file)).href);
    const tests = await this.#run(null, false);
    const times = this.#files.map((file) => {
      const own = tests.filter(({ id }) => id.startsWith(`${file} `));
      return [file, own.reduce((sum, { timeSpentMs }) => sum + timeSpentMs, 0)] as const;
    });
    writeFileSync(quickestFirst, JSON.stringify(times.toSorted(([, a], [, b]) => a - b).map(([file]) => file)));
    return { status: 'complete', tests, mutantCoverage: shared.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, sandboxFileName, mutantActivation }: MutantRun) {
    const isReadAnew = mutantActivation === 'static' || keepsSomething.test(readFileSync(sandboxFileName, 'utf8'));
    const readAgain = () => (isReadAnew ? round + 1 : 0);
    edition = readAgain();
    shared.activeMutant = activeMutant.id;
    process.env[inThreads] = activeMutant.id;
    // Stryker's limit is a hundred times as often as in all tests together: that may take minutes.
    const limit = hitLimit === undefined ? undefined : hitLimit / 10;
    [shared.hitCount, shared.hitLimit] = [limit === undefined ? undefined : 0, limit];
    const tests = await this.#run(testFilter ? new Set(testFilter) : null, true);
    const isEndless = limit !== undefined && (shared.hitCount ?? 0) > limit;
    Object.assign(shared, { activeMutant: undefined, hitCount: undefined, hitLimit: undefined });
    delete process.env[inThreads];
    if (isEndless) return { status: 'timeout', reason: endless };
    const failed = tests.find(({ status }) => status === 1);
    if (failed === undefined) return { status: 'survived', nrOfTests: tests.length };
    const { id, failureMessage } = failed;
    // A test that fails without the mutant, too, has noticed what an earlier one left behind: Stryker tries again in a new process.
    edition = readAgain();
    const control = (await this.#run(new Set([id]), true)).find(({ status }) => status === 1);
    if (control !== undefined) throw new Error(`${control.id} fails without the mutant: ${control.failureMessage}`);
    return { status: 'killed', killedBy: [id], failureMessage, nrOfTests: tests.length };
  }

  async dispose(): Promise<void> {}

  async #run(wanted: ReadonlySet<string> | null, stopsAtFailure: boolean): Promise<Outcome[]> {
    round++;
    const outcomes: Outcome[] = [];
    const isWanted = (id: string) => wanted === null || wanted.has(id);
    const order: unknown = existsSync(quickestFirst) ? JSON.parse(readFileSync(quickestFirst, 'utf8')) : [];
    const place = (file: string) => (Array.isArray(order) ? order.indexOf(file) : 0);
    for (const file of this.#files.toSorted((a, b) => place(a) - place(b))) {
      if (wanted !== null && ![...wanted].some((id) => id.startsWith(`${file} `))) continue;
      const read = `${file} ${asRead}`;
      const hasFailed = () => stopsAtFailure && outcomes.some(({ status }) => status === 1);
      outcomes.push(
        await outcomeOf(read, () => collect(() => import(`${pathToFileURL(resolve(file)).href}?${round}`))),
      );
      const { tests, befores, afters, beforeEach, afterEach } = collected();
      // What is worked out as the file is read, any of its tests may look at.
      const chosen = tests
        .map((test) => ({ ...test, id: `${file} ${test.name}` }))
        .filter(({ id }) => isWanted(read) || isWanted(id));
      if (chosen.length > 0) outcomes.push(await outcomeOf(read, () => inTurn(befores)));
      for (const { id, run } of chosen) {
        if (hasFailed()) break;
        outcomes.push(
          await outcomeOf(id, async () => {
            await inTurn(beforeEach);
            await run();
            await inTurn(afterEach);
          }),
        );
      }
      await inTurn(afters);
      if (hasFailed()) break;
    }
    return outcomes;
  }
}

async function inTurn(acts: readonly (() => unknown)[]): Promise<void> {
  for (const act of acts) await act();
}

async function outcomeOf(id: string, run: () => unknown): Promise<Outcome> {
  const started = performance.now();
  shared.currentTestId = id;
  let failureMessage = '';
  try {
    await run();
  } catch (thrown) {
    failureMessage = `${thrown instanceof Error ? thrown.message : thrown}` || 'it failed';
  }
  shared.currentTestId = undefined;
  const status = failureMessage === '' ? 0 : 1;
  return { id, name: id, status, timeSpentMs: performance.now() - started, failureMessage };
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-thread', injectableClass: InThread }];
