import { createHash } from 'node:crypto';

/*
 * A plug-in of Stryker's: leaves out the mutants that are not in the sample, as if they did not compile. MUTATION_SAMPLE: the share
 * that is in it; MUTATION_SEED: which. Whether a mutant is in it depends on that and itself alone, so a sample stays as code changes.
 */
interface Place {
  readonly line: number;
  readonly column: number;
}

/** A small fault: what stands at a location, lines and columns counted from 0, becomes the replacement. */
export interface Mutant {
  readonly fileName: string;
  readonly location: { readonly start: Place; readonly end: Place };
  readonly replacement: string;
}

/** Whether a mutant is in the sample of a share and a seed. */
export function isInSample({ fileName, location, replacement }: Mutant, share: number, seed: string): boolean {
  const file = fileName.replace(/^.*\/src\//, 'src/');
  const place = ({ line, column }: Place) => ({ column, line });
  const where = { start: place(location.start), end: place(location.end) };
  const text = JSON.stringify([seed, file, where, replacement]);
  return createHash('sha256').update(text).digest().readUInt32LE(0) < share * 2 ** 32;
}

class Sample {
  readonly #share = Number(process.env.MUTATION_SAMPLE ?? 1);
  readonly #seed = process.env.MUTATION_SEED ?? '1';

  async init(): Promise<void> {}

  async check(mutants: readonly (Mutant & { readonly id: string })[]) {
    return Object.fromEntries(
      mutants.map((mutant) => [
        mutant.id,
        isInSample(mutant, this.#share, this.#seed)
          ? { status: 'passed' }
          : { status: 'compileError', reason: 'not in the sample' },
      ]),
    );
  }
}

export const strykerPlugins = [{ kind: 'Checker', name: 'sample', injectableClass: Sample }];
