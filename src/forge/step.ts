import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { openProgress } from '../adapters/progressBar.ts';
import { messageOf, UserError } from '../errors.ts';
import { suiteIn } from '../pipeline/baseline.ts';
import { examine } from '../pipeline/doctor.ts';
import { errorReport } from '../pipeline/errorReport.ts';
import type { Request } from '../pipeline/request.ts';
import { type GateOutcome, runGate } from '../pipeline/run.ts';
import { tool } from '../pipeline/tool.ts';
import { checkAnnotations, errorAnnotation } from './annotations.ts';
import { COMMENT_RESERVE } from './commentBody.ts';
import { pictureAddress, readEvent, type StepEvent } from './event.ts';
import { failuresOf } from './failures.ts';
import { openGitHub } from './githubApi.ts';
import { readStepInputs, type StepInputs } from './inputs.ts';
import { type Post, postComment } from './postComment.ts';
import { publishReport, runAddress } from './publishReport.ts';
import { openLog } from './runner.ts';
import { stepOutputs } from './stepOutputs.ts';

const workspace = () => process.env.GITHUB_WORKSPACE ?? '';
const log = openLog(workspace);

/** The whole of a workflow step, by what the runner says in this process's environment; sets its exit code. */
export function act(workers = availableParallelism()): Promise<void> {
  return judgeAndTell(workers).catch(explain);
}

/** Judges, then tells it in outputs, annotations, job summary and comment, then fails or not. */
async function judgeAndTell(workers: number): Promise<void> {
  const inputs = readStepInputs();
  log.hide(inputs.token);
  const event = readEvent(process.env);
  for (const warning of event.warnings) notify('warning', warning);
  enter(resolve(workspace(), inputs.workingDirectory));
  const outcome = await gate(inputs, event, workers).catch((thrown: unknown) => tellOfError(inputs, event, thrown));
  const failed = fails(outcome, inputs.failOn);
  const unwritten = writeOutputs(outcome, inputs);
  for (const annotation of checkAnnotations(outcome.result, inputs.config, workspace())) log.annotate(annotation);
  await summarise(outcome.summary);
  await commentOn(inputs, event, () => ofOutcome(event, outcome, inputs.comment === 'on-failure' && !failed));
  for (const line of outcome.lines) log.line(line);
  if (failed) log.fail(`The gate failed: ${outcome.lines[0]}`);
  if (outcome.problem ?? unwritten) throw outcome.problem ?? unwritten;
  if (outcome.unrecorded === null) return;
  if (event.doubtful === null) throw outcome.unrecorded;
  notify('notice', `No baseline is recorded: ${outcome.unrecorded.what} (${event.doubtful}).`);
}

/** Writes the step's outputs; what hinders that takes nothing of the rest along. */
function writeOutputs({ result, outcome }: GateOutcome, { out }: StepInputs): UserError | null {
  try {
    for (const [name, value] of Object.entries(stepOutputs(result, outcome, out))) log.output(name, value);
    return null;
  } catch (thrown) {
    if (thrown instanceof UserError) return thrown;
    throw thrown;
  }
}

/** Tells a run that could not judge where the one before it may have said that all is well; throws what it was given. */
async function tellOfError(inputs: StepInputs, event: StepEvent, thrown: unknown): Promise<never> {
  const suite = await suiteIn(inputs.config);
  const report = errorReport(thrown, suite ?? inputs.config);
  await summarise(report);
  await commentOn(inputs, event, () => ({
    ...{ suite: suite ?? '', report, erred: true, onlyUpdate: suite === null },
    push: { commit: event.commit, outcome: 'not compared', failures: [] },
  }));
  throw thrown;
}

function enter(folder: string): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    const fix = 'Check it out first (actions/checkout), and give a folder of the repository';
    throw new UserError({ what: `there is no folder ${folder}`, where: 'input working-directory', fix });
  }
  process.chdir(folder);
}

async function gate(inputs: StepInputs, event: StepEvent, workers: number): Promise<GateOutcome> {
  const folded = log.group(`barlow-gate ${tool.version}: judging ${inputs.config}`);
  const progress = openProgress(false);
  try {
    const request = { ...requestOf(inputs, event), workers, onProgress: progress.on };
    if (inputs.installEngine !== null) {
      for (const line of (await examine(request, inputs.installEngine)).lines) log.line(line);
    }
    return await runGate(request);
  } finally {
    progress.stop();
    folded.end();
  }
}

function requestOf(inputs: StepInputs, event: StepEvent): Omit<Request, 'workers' | 'onProgress'> {
  const { config, out, checkpoints, baseline, engine } = inputs;
  const shows = event.pullRequest !== null && event.readOnly === null && inputs.comment !== 'never';
  return {
    ...{ config, out, checkpoints, baseline, engine },
    commit: event.commit,
    base: event.base,
    record: records(inputs, event),
    recordUnasked: inputs.record === 'auto',
    checkedOut: event.checkedOut,
    shard: null,
    pictureAddress: shows ? (revision, path) => pictureAddress(event, revision, path) : null,
    publish:
      inputs.artifact === 'true'
        ? (reportHtml, suite) => publishReport(event, reportHtml, suite, log.line)
        : async () => ({ url: runAddress(event), isReport: false }),
    commentReserve: COMMENT_RESERVE,
    now: new Date(),
    onNotice: log.line,
  };
}

function records({ record }: StepInputs, event: StepEvent): boolean {
  const wanted = record === 'auto' ? event.pushToDefaultBranch : record === 'true';
  if (wanted && event.readOnly !== null) notify('notice', `No baseline is recorded: ${event.readOnly}.`);
  return wanted && event.readOnly === null;
}

/** Whether the step is to fail. */
function fails({ passed, result }: GateOutcome, failOn: StepInputs['failOn']): boolean {
  if (failOn === 'never') return false;
  const checks = result.checkpoints.flatMap(({ verdict }) => verdict?.checks ?? []);
  return !passed || (failOn === 'warning' && checks.some((check) => check.severity === 'warning' && !check.passed));
}

async function summarise(summary: string): Promise<void> {
  const why = await log.summary(summary);
  if (why !== null) log.line(why);
}

type Words = Omit<Post, 'issue' | 'run'>;

/** What a run has to say on a pull request. */
function ofOutcome({ commit }: StepEvent, { result, outcome, comment }: GateOutcome, onlyUpdate: boolean): Words {
  const { suite, checkpoints } = result;
  const failures = checkpoints.flatMap((checkpoint) => failuresOf(checkpoint));
  return { suite, report: comment, push: { commit, outcome, failures }, onlyUpdate };
}

/** Comments, where there is a pull request and it may; whatever GitHub answers, the verdict is the gate's alone. */
async function commentOn(inputs: StepInputs, event: StepEvent, words: () => Words): Promise<void> {
  const { pullRequest: issue, readOnly, doubtful, owner, repository, apiUrl, run } = event;
  if (issue === null || inputs.comment === 'never') return;
  const why = readOnly ?? (inputs.token === '' ? 'no token is given' : null);
  if (why !== null) {
    notify('notice', `No comment, see the job summary: ${why}, so this run may not write one.`);
    return;
  }
  try {
    const github = openGitHub({ token: inputs.token, apiUrl, owner, repository });
    const posted = await postComment(github, { ...words(), issue, run });
    log.line(`Comment ${posted.kind}${'url' in posted ? `: ${posted.url}` : ''}`);
  } catch (thrown) {
    const said = thrown instanceof UserError ? `${thrown.what}. ${thrown.fix}` : messageOf(thrown);
    notify(
      doubtful === null ? 'warning' : 'notice',
      `No comment: ${said}${doubtful === null ? '' : ` (${doubtful})`}.`,
    );
  }
}

function notify(severity: 'warning' | 'notice', message: string): void {
  log.annotate({ severity, title: 'barlow-gate', message, file: null, line: null });
}

function explain(thrown: unknown): void {
  if (thrown instanceof UserError) {
    log.annotate(errorAnnotation(thrown, workspace()));
    log.fail('barlow-gate could not do all that was asked: see the error above.');
    return;
  }
  log.line(thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown));
  log.fail(`This is a bug in ${tool.name} ${tool.version}; please report it with the lines above.`);
}
