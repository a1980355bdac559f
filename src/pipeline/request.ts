import { dirname, join, resolve } from 'node:path';
import { openPool, type Pool } from '../adapters/threadPool.ts';
import { readConfig } from '../config/config.ts';
import type { UserError } from '../errors.ts';
import type { AnalysisOptions } from '../records/analysis.ts';
import type { Config } from '../records/config.ts';
import type { EngineName } from '../records/engines.ts';
import type { OnProgress } from '../records/threads.ts';

/** What a door asks for. Paths are relative to the working directory. */
export interface Request {
  readonly config: string;
  /** Folder for reports. */
  readonly out: string;
  /** Worker threads; results are the same for any number. */
  readonly workers: number;
  /** Checkpoints in place of the config's. */
  readonly checkpoints: readonly { readonly name: string; readonly path: string }[];
  /** `git`, `none` or a folder, in place of the config's; null: the config's. */
  readonly baseline: string | null;
  /** The commit judged; null: HEAD. */
  readonly commit: string | null;
  /** Commits of which one should be at HEAD; another there is judged in place of `commit`, as what was trained and predicted. */
  readonly checkedOut?: readonly string[] | null;
  /** The branch that the commit is to be merged into; null: compare with the commit's own ancestors. */
  readonly base: string | null;
  /** Record the checkpoint as a baseline if the gate passes. */
  readonly record: boolean;
  /** Whether `record` is a default and nobody asked for it: then nothing is recorded where HEAD is another commit than the event's. */
  readonly recordUnasked?: boolean;
  /** Record it as a further training beside the accepted one of the commit. */
  readonly replica?: boolean;
  /** Record it in place of another that was accepted at the commit. */
  readonly replace?: boolean;
  readonly shard: { readonly index: number; readonly count: number } | null;
  /** Folders of parts that `run --shard` wrote, of which the groups' analyses are taken. */
  readonly parts?: readonly string[];
  /** In place of the config's. */
  readonly engine?: EngineName | null;
  /**
   * Where a browser finds a file of a commit of the baseline branch. Pictures of new clusters are then kept there under the
   * commit judged, for the comment to show.
   */
  readonly pictureAddress?: ((revision: string, path: string) => string) | null;
  /** Puts the finished report.html where people can open it, and tells where that is: the report itself, or at least the run. */
  readonly publish?:
    | ((reportHtml: string, suite: string) => Promise<{ readonly url: string; readonly isReport: boolean }>)
    | null;
  /** Characters of a comment that the door needs for itself. */
  readonly commentReserve?: number;
  readonly now: Date;
  readonly onProgress: OnProgress;
  readonly onNotice: (line: string) => void;
}

/** What a command has to say. */
export interface Said {
  /** For machines. */
  readonly json: unknown;
  /** For people. */
  readonly lines: readonly string[];
  /** False where the gate failed, and only there: what was not compared has not failed. */
  readonly passed: boolean;
  /** What is wrong with the input all the same: told after the rest, and exit 2. */
  readonly problem?: UserError | null;
}

/** A request under way. */
export interface Run {
  readonly request: Request;
  readonly config: Config;
  readonly pool: Pool;
}

/** Opens what a story needs, tells it, and closes what was opened. */
export async function inRun<Outcome>(request: Request, story: (run: Run) => Promise<Outcome>): Promise<Outcome> {
  return inRunOf(overridden(await readConfig(request.config), request), request, story);
}

/** As `inRun`, by a config that is no file's. */
export async function inRunOf<Outcome>(
  config: Config,
  request: Request,
  story: (run: Run) => Promise<Outcome>,
): Promise<Outcome> {
  const pool = openPool(request.workers);
  try {
    return await story({ request: { ...request, onNotice: once(request.onNotice) }, config, pool });
  } finally {
    await pool.close();
  }
}

/** Says each line once: several models may report the same thing. */
function once(onNotice: Request['onNotice']): Request['onNotice'] {
  const said = new Set<string>();
  return (line) => {
    if (!said.has(line)) onNotice(line);
    said.add(line);
  };
}

function overridden(config: Config, { checkpoints, baseline, engine }: Request): Config {
  const given = checkpoints.map(({ name, path }) => ({ name, path: resolve(path) }));
  const replaced = {
    ...config,
    ...(given.length > 0 && { checkpoints: given }),
    ...(engine && { engine }),
  };
  if (baseline === null) return replaced;
  const kept = config.baseline;
  if (baseline === 'none' || baseline === 'git') return { ...replaced, baseline: { ...kept, store: baseline } };
  return { ...replaced, baseline: { ...kept, store: 'folder', path: resolve(baseline) } };
}

/** The run with other options of the analysis. */
export function withAnalysis(run: Run, changes: Partial<AnalysisOptions>): Run {
  return { ...run, config: { ...run.config, analysis: { ...run.config.analysis, ...changes } } };
}

/** Threads inside an operator of a model's engine: as many as there are workers, this thread where there are none. */
export const threadsOf = ({ workers }: Request) => Math.max(1, workers);

/** A folder beside the config in which what models compute is kept from run to run. */
export function storeFolder(config: Config, of: 'features' | 'predictions' | 'pictures' | 'pool'): string {
  return join(dirname(config.file), '.barlow', of);
}
