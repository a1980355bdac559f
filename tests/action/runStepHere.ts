import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { act } from '../../src/forge/step.ts';
import { asProcess } from '../inProcess.ts';
import { type Ended, outputsIn, type Step, stepEnvironment } from './runner.ts';

/** The toolkit of actions remembers the file of the job summary: it is the same one for all steps of this process. */
const summary = join(tmpdir(), `barlow-summary-${process.pid}.md`);
process.once('exit', () => rmSync(summary, { force: true }));

/** As `runStep` of the sources, without a process or threads of its own. */
export async function runStepHere(step: Step): Promise<Ended> {
  const { env, output } = stepEnvironment(step);
  writeFileSync(summary, '');
  const { status, text } = await asProcess(step.workspace, { ...env, GITHUB_STEP_SUMMARY: summary }, () => act(0));
  return {
    status,
    log: text,
    outputs: outputsIn(readFileSync(output, 'utf8')),
    summary: readFileSync(summary, 'utf8'),
  };
}
