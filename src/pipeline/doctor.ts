import { existsSync } from 'node:fs';
import { configFile, readConfig } from '../config/config.ts';
import { UserError } from '../errors.ts';
import { installEngine } from '../models/engines/installEngine.ts';
import { type Config, defaultConfig } from '../records/config.ts';
import { diagnoseBaselines } from './baseline.ts';
import { type DiagnosedModel, diagnose, diagnosisLines } from './diagnosis.ts';
import type { Request, Said } from './request.ts';
import { checkSetup } from './setup.ts';

/**
 * Reads the whole set-up in the order of a run: config, eval set, classes, images (some of them), checkpoints, feature model and its
 * engine, baselines. Says of each what was found or what would go wrong; the first thing that would is the problem. Where there
 * is no config, engines alone.
 * @param install engine to install first; null: none.
 */
export async function examine({ config: named, onNotice }: Request, install: string | null): Promise<Said> {
  if (install !== null) onNotice(`${install} is installed in ${await installEngine(install, onNotice)}`);
  const file = configFile(named);
  const config = existsSync(file) ? await readConfig(file) : null;
  if (config === null && named !== defaultConfig) await readConfig(file);
  const setup = config === null ? [] : await checkSetup(config);
  const diagnosis = await diagnose(config?.featureModel ?? null, config?.engine ?? 'auto');
  const baselines = config && (await baselinesFound(config));
  const problems = [
    ...setup.map(({ problem }) => problem),
    problemOf(diagnosis.featureModel),
    baselines?.problem ?? null,
  ];
  const [first = null, ...others] = problems.filter((problem) => problem !== null);
  return {
    json: {
      ...diagnosis,
      setup: setup.map(({ of, found, problem }) => ({ of, found, problem: problem && told(problem) })),
      baselines: baselines?.found ?? null,
      problems: problems.filter((problem) => problem !== null).map(told),
    },
    lines: [
      ...(config === null ? ['config      none: `barlow init` writes one'] : [`config      ${config.file}`]),
      ...setup.map(({ of, found, problem }) => `${(problem === null ? of : `! ${of}`).padEnd(11)} ${found}`),
      ...(baselines === null
        ? []
        : [`${(baselines.problem === null ? 'baselines' : '! baselines').padEnd(11)} ${baselines.found}`]),
      '',
      ...diagnosisLines(diagnosis),
      ...(first === null ? [] : ['', 'What would go wrong, first things first:', ...[first, ...others].map(lineOf)]),
    ],
    passed: true,
    problem: first,
  };
}

function told({ what, where, fix }: UserError) {
  return { what, where, fix };
}

function lineOf({ what, where, fix }: UserError, index: number): string {
  return `${index + 1}. ${where}: ${what}. ${fix}.`;
}

async function baselinesFound(config: Config): Promise<{ readonly found: string; readonly problem: UserError | null }> {
  try {
    return { found: await diagnoseBaselines(config), problem: null };
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return { found: 'cannot be read', problem: thrown };
  }
}

/** A model that cannot be used, as an error of the input. */
function problemOf(model: DiagnosedModel | null): UserError | null {
  if (model === null || model.problem === null) return null;
  const [where, what] = [model.file, model.problem.replace(`${model.file}: `, '')];
  return new UserError({ what, where, fix: 'Mend the feature model, or name another one in featureModel.path' });
}
