import { createHash } from 'node:crypto';

/*
 * A plug-in of Stryker's: leaves out the mutants that are not in the sample, as if they did not compile. MUTATION_SAMPLE: the share
 * that is in it; MUTATION_SEED: which. Whether a mutant is in it depends on that and itself alone, so a sample stays as code changes.
 */
interface Mutant {
  readonly id: string;
  readonly fileName: string;
  readonly location: unknown;
  readonly replacement: string;
}

class Sample {
  readonly #share = Number(process.env.MUTATION_SAMPLE ?? 1);
  readonly #seed = process.env.MUTATION_SEED ?? '1';

  async init(): Promise<void> {}

  async check(mutants: readonly Mutant[]) {
    return Object.fromEntries(
      mutants.map((mutant) => [
        mutant.id,
        this.#holds(mutant) ? { status: 'passed' } : { status: 'compileError', reason: 'not in the sample' },
      ]),
    );
  }

  #holds({ fileName, location, replacement }: Mutant): boolean {
    const file = fileName.replace(/^.*\/src\//, 'src/');
    const text = JSON.stringify([this.#seed, file, location, replacement]);
    return createHash('sha256').update(text).digest().readUInt32LE(0) < this.#share * 2 ** 32;
  }
}

export const strykerPlugins = [{ kind: 'Checker', name: 'sample', injectableClass: Sample }];
