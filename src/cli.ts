import { realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { styleText } from 'node:util';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { openProgress } from './adapters/progressBar.ts';
import { messageOf, systemTrouble, UserError } from './errors.ts';
import { analysePart } from './pipeline/analysisPart.ts';
import { listBaselines, recordBaseline, showBaseline } from './pipeline/baseline.ts';
import { compareCheckpoints } from './pipeline/compare.ts';
import { examine } from './pipeline/doctor.ts';
import { evaluateGroupings } from './pipeline/evaluate.ts';
import { type ExportFormat, exportFormats, exportImages } from './pipeline/export.ts';
import { extractFeatures } from './pipeline/extract.ts';
import { showFeature } from './pipeline/feature.ts';
import { findAlike } from './pipeline/find.ts';
import { type Given, type InitRequest, initialise, questions } from './pipeline/init.ts';
import { installFirst } from './pipeline/installFirst.ts';
import { mergeFeatures } from './pipeline/merge.ts';
import type { Request, Said } from './pipeline/request.ts';
import { type GateOutcome, runGate } from './pipeline/run.ts';
import { addSlice, dropSlice, listSlices } from './pipeline/slice.ts';
import { tool } from './pipeline/tool.ts';
import { defaultConfig, defaultOut, type PreprocessPreset, preprocessPresets } from './records/config.ts';
import { type EngineName, engineNames } from './records/engines.ts';
import { type FeatureName, featureKinds } from './records/features.ts';
import { groupIds } from './records/groupKinds.ts';

/** Exit codes of every command. */
const exit = { passed: 0, failed: 1, userError: 2, bug: 3, interrupted: 130 } as const;

const exitCodes =
  'Exit codes: 0 passed or not compared, 1 the gate failed, 2 an input is wrong, 3 a bug, 130 interrupted.';

/** Examples of each command, by its name as it is typed; every command has some. */
const examples: Readonly<Record<string, readonly string[]>> = {
  barlow: ['barlow compare old.csv new.csv --images val', 'barlow init', 'barlow run --checkpoint candidate=new.csv'],
  'barlow compare': [
    'barlow compare old.csv new.csv --images val --install onnx-cpu',
    'barlow compare old.npy new.npy --images val --classes class_to_idx.json',
    'barlow compare old.onnx new.onnx --images val --preprocess torchvision --engine onnx-cpu --out report',
  ],
  'barlow run': [
    'barlow run',
    'barlow run --checkpoint candidate=predictions.csv --base main',
    'barlow run --baseline none --json > result.json',
  ],
  'barlow init': ['barlow init', 'barlow init --no-run --workflow gitlab-ci', 'barlow init --images val --force'],
  'barlow extract': ['barlow extract', 'barlow extract --shard 2/4'],
  'barlow merge': ['barlow merge shards/1 shards/2 shards/3 shards/4'],
  'barlow evaluate': ['barlow evaluate', 'barlow evaluate --depths 1,2,3 --json'],
  'barlow feature': [
    'barlow feature 17 --group label:automobile',
    'barlow feature 17 --name "red bodywork" --kind object',
  ],
  'barlow export': [
    "barlow export 'label:automobile#1a2b3c4d' --out broken.csv",
    'barlow export night --out night.jsonl',
    "barlow export 'label:automobile#1a2b3c4d' --format fiftyone --out broken",
    "barlow export 'label:automobile#1a2b3c4d' --format labelstudio --out tasks.json --images https://example.com/val/",
  ],
  'barlow find': [
    "barlow find 'label:automobile#1a2b3c4d' --in unlabelled --out found.csv",
    "barlow find 'label:automobile#1a2b3c4d' --in /data/pool --most 200 --out found.csv --force",
    "barlow find 'label:automobile#1a2b3c4d' --in unlabelled --out found.csv --images val    (after barlow compare)",
  ],
  'barlow doctor': ['barlow doctor', 'barlow doctor --install onnx-cpu', 'barlow doctor --json'],
  'barlow baseline': ['barlow baseline list', 'barlow baseline record --checkpoint accepted=predictions.csv'],
  'barlow baseline list': ['barlow baseline list', 'barlow baseline list --baseline baselines --json'],
  'barlow baseline show': ['barlow baseline show HEAD', 'barlow baseline show 1a2b3c4 --json'],
  'barlow baseline record': [
    'barlow baseline record --checkpoint accepted=predictions.csv',
    'barlow baseline record --replica --checkpoint again=seed2.csv',
  ],
  'barlow slice': ['barlow slice list', 'barlow slice add red-automobiles'],
  'barlow slice list': ['barlow slice list', 'barlow slice list --json'],
  'barlow slice add': ['barlow slice add red-automobiles'],
  'barlow slice drop': ['barlow slice drop red-automobiles'],
};

/** The command with examples and exit codes at the end of its help, and of that of those below it. */
function withExamples(command: Command, above = ''): Command {
  const name = `${above}${command.name()}`;
  const lines = (examples[name] ?? []).map((line) => `  ${line}\n`);
  command.addHelpText('after', `\n${lines.length === 0 ? '' : `Examples:\n${lines.join('')}\n`}${exitCodes}`);
  for (const each of command.commands) withExamples(each, `${name} `);
  return command;
}

/** The flags of all commands; each takes some of them. */
interface Flags {
  readonly config: string;
  readonly out: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly workers: number;
  readonly checkpoint?: readonly NamedPath[];
  readonly baseline?: string;
  readonly record?: boolean;
  readonly replace?: boolean;
  readonly replica?: boolean;
  readonly commit?: string;
  readonly base?: string;
  readonly shard?: { readonly index: number; readonly count: number };
  readonly parts?: readonly string[];
  readonly depths?: readonly number[];
  readonly install?: string;
  readonly group?: string;
  readonly name?: string;
  readonly kind?: FeatureName['kind'];
  readonly note?: string;
  readonly images?: string;
  readonly manifest?: string;
  readonly from?: string;
  readonly format?: ExportFormat;
  readonly force?: boolean;
  readonly classes?: string;
  readonly engine?: EngineName;
  readonly preprocess?: PreprocessPreset;
  readonly in?: string;
  readonly most?: number;
}

/** What `init` takes: answers to its questions. */
interface InitFlags extends Given {
  readonly force?: boolean;
  readonly install?: string;
  readonly run?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

function initRequest(
  { force, run, install: _install, json: _json, quiet: _quiet, ...given }: InitFlags,
  request: Request,
): InitRequest {
  const terminal = process.stdin.isTTY ? { input: process.stdin, output: process.stderr } : null;
  return { folder: '.', given, force: force === true, terminal, run: run === false ? null : request };
}

interface NamedPath {
  readonly name: string;
  readonly path: string;
}

function commandLine(): Command {
  const program = new Command('barlow')
    .description('Stops a build when a new model checkpoint grows a new failure cluster.')
    .version(tool.version)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError()
    .hook('preAction', (_, command) => refuseEmpty(command));
  addCompare(program.command('compare'));
  addRun(program.command('run'));
  addInit(program.command('init'));
  addExtract(program.command('extract'));
  addMerge(program.command('merge'));
  addEvaluate(program.command('evaluate'));
  addFeature(program.command('feature'));
  addExport(program.command('export'));
  addFind(program.command('find'));
  addDoctor(program.command('doctor'));
  addBaseline(program.command('baseline'));
  addSlices(program.command('slice'));
  return program;
}

function addCompare(command: Command): void {
  reporting(command)
    .description('judge one checkpoint against another: no config, no repository, no baseline')
    .argument('<old>', 'predictions (a table of image and prediction) of the checkpoint in use, or its model')
    .argument('<new>', 'the same of the checkpoint that is to be judged')
    .requiredOption('--images <folder>', 'the images, in one folder per class; or with --manifest, as it names them')
    .option('--manifest <file>', 'table of image and label')
    .option('--classes <file>', "names of the classes in the order of the model's outputs, for indices and scores")
    .addOption(
      new Option(
        '--preprocess <name>',
        'how models are given their images; default: as large as they take, in [0, 1]',
      ).choices(preprocessPresets),
    )
    .addOption(new Option('--engine <name>', 'what runs models').choices(engineNames))
    .action((older: string, newer: string, flags: Flags) =>
      perform({ ...flags, config: '' }, (request) =>
        compareCheckpoints(request, {
          ...{ old: older, new: newer },
          images: flags.images ?? '',
          manifest: flags.manifest ?? null,
          ...{ classes: flags.classes ?? null, preprocess: flags.preprocess ?? null },
        }),
      ),
    );
}

function addRun(command: Command): void {
  judging(common(command))
    .description('judge checkpoints: features, failure modes, comparison with the baseline, reports')
    .option('--record', 'record the checkpoint (the first, or baseline.checkpoint) as a baseline when the gate passes')
    .option(
      '--shard <i/n>',
      'only analyse the i-th of n parts of the groups, into --out, for a matrix of runners',
      shard,
    )
    .option('--parts <folder...>', 'judge by the analyses in these folders, which `run --shard` wrote')
    .action(({ shard: part, ...flags }: Flags) =>
      perform(flags, (request) => (part === undefined ? runGate(request) : analysePart(request, part))),
    );
}

function addInit(init: Command): void {
  init.description('look at what is in this folder, write barlow.yml and a workflow, and run');
  for (const { flag, text, suggestion } of questions) init.option(flag, `${text} (suggested: ${suggestion})`);
  installing(init)
    .option('--force', 'overwrite files that are there')
    .option('--no-run', 'write, and do not run')
    .option('--json', 'print JSON on standard output')
    .option('--quiet', 'print nothing but questions and errors')
    .action((flags: InitFlags) =>
      perform(
        {
          ...{ config: defaultConfig, out: defaultOut, workers: availableParallelism() },
          ...{ json: flags.json === true, quiet: flags.quiet === true },
          ...(flags.install !== undefined && { install: flags.install }),
        },
        (request) => initialise(initRequest(flags, request)),
      ),
    );
}

function addExtract(command: Command): void {
  common(command)
    .description('extract the features only; they are kept in the feature store')
    .option('--shard <i/n>', 'only the i-th of n parts of the images, for a matrix of runners', shard)
    .action((flags: Flags) => perform(flags, extractFeatures));
}

function addMerge(command: Command): void {
  common(command)
    .description('merge the feature stores of shards into this one')
    .argument('<folder...>', 'feature stores')
    .action((folders: readonly string[], flags: Flags) => perform(flags, (request) => mergeFeatures(request, folders)));
}

function addEvaluate(command: Command): void {
  common(command)
    .description('how well trees explain failures: ALER - BER and share of failure modes by grouping and depth')
    .option('--checkpoint <name=file>', 'checkpoint to evaluate; repeatable', namedPath)
    .option('--depths <list>', 'depths of tree, comma-separated', depths, [1, 2, 3])
    .action((flags: Flags) => perform(flags, (request) => evaluateGroupings(request, flags.depths ?? [])));
}

function addFeature(command: Command): void {
  common(command)
    .description('what one feature looks for: a page of the images that show it most, heatmaps and attacks')
    .argument('<number>', 'its number in rules, from 0', featureNumber)
    .option('--group <id>', `among which images: ${groupIds}`, 'all')
    .option('--checkpoint <name=file>', 'checkpoint, for groups of what it predicts', namedPath)
    .option('--name <text>', 'call it so in reports, from now on')
    .addOption(new Option('--kind <kind>', 'with --name: what it is').choices(featureKinds))
    .option('--note <text>', 'with --name: a note for reports')
    .action((feature: number, flags: Flags) =>
      perform(flags, (request) =>
        showFeature(request, { feature, group: flags.group ?? 'all', name: featureName(flags) }),
      ),
    );
}

function addExport(command: Command): void {
  printing(ofLastRun(command))
    .description('write the images of an event or slice of the last run for a table, FiftyOne or Label Studio')
    .argument('<event-or-slice>', 'its id or name, as the report shows it')
    .requiredOption('--out <path>', 'file to write; for fiftyone a folder')
    .addOption(new Option('--format <format>', 'default: by the ending, .csv or .jsonl').choices(exportFormats))
    .option('--images <where>', 'folder or address of the images, for fiftyone and labelstudio')
    .option('--config <file>', 'the config, which says where the images are', defaultConfig)
    .action((of: string, flags: Flags) =>
      perform({ ...flags, workers: 0, out: flags.from ?? defaultOut }, (request) =>
        exportImages(request, {
          ...{ of, to: flags.out, format: flags.format ?? null },
          ...{ images: flags.images ?? null, force: flags.force === true },
        }),
      ),
    );
}

function addFind(command: Command): void {
  printing(working(installing(ofLastRun(command))))
    .description('find images as those of an event of the last run in a pool without labels, the most typical first')
    .argument('<event>', 'its id, as the report shows it')
    .option('--in <folder>', 'the pool: images at any depth (default: `pool` of the config)')
    .requiredOption('--out <file>', 'the CSV to write; a contact sheet lies beside it, .png')
    .option('--most <n>', 'images to write', most, 1000)
    .option('--images <folder>', 'after compare, which has no config: its images')
    .option('--manifest <file>', 'and its table of image and label, if it had one')
    .option('--config <file>', 'the config', defaultConfig)
    .action((event: string, flags: Flags) =>
      perform({ ...flags, out: flags.from ?? defaultOut }, (request) =>
        findAlike(request, {
          ...{ event, pool: flags.in ?? null, to: flags.out },
          ...{ most: flags.most ?? 0, force: flags.force === true },
          evalSet: flags.images === undefined ? null : { images: flags.images, manifest: flags.manifest ?? null },
        }),
      ),
    );
}

function addDoctor(command: Command): void {
  common(command)
    .description('read the whole set-up, and say what would go wrong; which engines load on this machine')
    .action(({ install, ...flags }: Flags) => perform(flags, (request) => examine(request, install ?? null)));
}

function addBaseline(baseline: Command): void {
  baseline.description('the accepted checkpoints that new ones are compared with');
  storing(baseline.command('list'))
    .description('the baselines that are kept, newest first')
    .action((flags: Flags) => perform(flags, listBaselines));
  storing(baseline.command('show'))
    .description('what a baseline holds')
    .argument('<commit>', 'commit, by its name, hash or the start of the hash')
    .action((commit: string, flags: Flags) => perform(flags, (request) => showBaseline(request, commit)));
  judging(common(baseline.command('record')))
    .description('accept a checkpoint: record it as a baseline without judging it')
    .option('--replace', 'in place of another checkpoint that was accepted at this commit')
    .option('--replica', 'as a further training of the same recipe, beside the one accepted at this commit')
    .action((flags: Flags) => perform(flags, recordBaseline));
}

function addSlices(slice: Command): void {
  slice.description('images that every run tests without a search: named slices, and events that once broke');
  storing(slice.command('list'))
    .description('the slices that are watched, and how the last accepted checkpoints did on them')
    .action((flags: Flags) => perform(flags, listSlices));
  storing(slice.command('add'))
    .description('watch an event of the last run (in --out) from now on')
    .argument('<event>', 'its id, as the report shows it')
    .action((event: string, flags: Flags) => perform(flags, (request) => addSlice(request, event)));
  storing(slice.command('drop'))
    .description('watch an event no longer')
    .argument('<event>', 'its id')
    .action((event: string, flags: Flags) => perform(flags, (request) => dropSlice(request, event)));
}

/** What a command takes that reads the config. */
/** An option or a name that is empty is a shell's variable that is not set: what was meant must not count as not given. */
function refuseEmpty(command: Command): void {
  const given = command.options.map((option) => ({
    where: option.long ?? option.flags,
    value: command.getOptionValue(option.attributeName()),
  }));
  const named = command.registeredArguments.map((argument, at) => ({
    where: argument.name(),
    value: command.args[at],
  }));
  const empty = [...given, ...named].find(({ value }) => typeof value === 'string' && value.trim() === '');
  if (empty === undefined) return;
  throw new UserError({
    what: 'it is given and is empty: a variable of the shell that is not set, perhaps',
    where: empty.where,
    fix: 'Give a value, or leave it out',
  });
}

function common(command: Command): Command {
  return reporting(command.option('--config <file>', 'the config', defaultConfig));
}

/** What a command takes that writes reports. */
function reporting(command: Command): Command {
  return printing(working(installing(command.option('--out <folder>', 'where reports are written', defaultOut))));
}

/** What a command takes that reads the reports of the last run, and writes a file of its own. */
function ofLastRun(command: Command): Command {
  return command
    .option('--from <folder>', 'the reports of the run', defaultOut)
    .option('--force', 'write over what is there');
}

/** What a command takes that reads or changes what the store of baselines keeps. */
function storing(command: Command): Command {
  return common(command).option('--baseline <where>', 'git, or a folder; overrides the config');
}

function installing(command: Command): Command {
  return command.option(
    '--install <engine>',
    'install an engine first, unless it is there: onnx-cpu runs ONNX models anywhere',
  );
}

function working(command: Command): Command {
  return command.option(
    '--workers <n>',
    'worker threads; the results are the same for any number',
    workers,
    availableParallelism(),
  );
}

function printing(command: Command): Command {
  return command
    .option('--json', 'print JSON on standard output')
    .option('--quiet', 'print nothing but errors (and JSON, if asked for)');
}

/** What a command takes that judges or accepts checkpoints. */
function judging(command: Command): Command {
  return command
    .option('--checkpoint <name=file>', 'checkpoint: predictions, or a model that is run; repeatable', namedPath)
    .option('--baseline <where>', 'git, none, or a folder; overrides the config')
    .option('--commit <id>', 'commit the checkpoint belongs to (default: HEAD)')
    .option('--base <ref>', 'branch that the commit is to be merged into: compare with the merge base');
}

function featureName({ name, kind, note }: Flags): FeatureName | null {
  if (name !== undefined) return { name, kind: kind ?? null, note: note ?? null };
  if (kind === undefined && note === undefined) return null;
  throw new UserError({
    what: 'a kind or a note is given without a name',
    where: kind === undefined ? '--note' : '--kind',
    fix: 'Give --name too',
  });
}

function featureNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0.');
  return Number(text);
}

function namedPath(text: string, earlier: readonly NamedPath[] = []): readonly NamedPath[] {
  const equals = text.indexOf('=');
  if (equals < 1 || equals === text.length - 1) throw new InvalidArgumentError('It must be NAME=FILE.');
  return [...earlier, { name: text.slice(0, equals), path: text.slice(equals + 1) }];
}

function most(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 to 999999.');
  return Number(text);
}

function workers(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0 to 999.');
  return Number(text);
}

function shard(text: string): { index: number; count: number } {
  const [, index, count] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
  if (index === undefined || count === undefined || index < 1 || index > count) {
    throw new InvalidArgumentError('It must be i/n with 1 <= i <= n.');
  }
  return { index, count };
}

function depths(text: string): readonly number[] {
  if (!/^[1-5](,[1-5])*$/.test(text)) throw new InvalidArgumentError('They must be numbers from 1 to 5, like 1,3.');
  return text.split(',').map(Number);
}

async function perform(flags: Flags, command: (request: Request) => Promise<Said | GateOutcome>): Promise<void> {
  const progress = openProgress(flags.quiet === true);
  const onNotice = (line: string) => {
    progress.stop();
    if (flags.quiet !== true) process.stderr.write(`${visible(line)}\n`);
  };
  try {
    if (flags.install !== undefined) await installFirst(flags.install, onNotice);
    const said = await command({
      config: flags.config,
      out: flags.out,
      workers: flags.workers,
      checkpoints: flags.checkpoint ?? [],
      baseline: flags.baseline ?? null,
      commit: flags.commit ?? null,
      base: flags.base ?? null,
      engine: flags.engine ?? null,
      record: flags.record === true,
      replace: flags.replace === true,
      replica: flags.replica === true,
      shard: flags.shard ?? null,
      parts: flags.parts ?? [],
      now: new Date(now()),
      onProgress: progress.on,
      onNotice,
    });
    progress.stop();
    if (flags.json === true) process.stdout.write(`${JSON.stringify(said.json, null, 2)}\n`);
    else if (flags.quiet !== true) process.stdout.write(`${coloured(visible(said.lines.join('\n')))}\n`);
    process.exitCode = said.passed ? exit.passed : exit.failed;
    const problem = said.problem ?? ('unrecorded' in said ? said.unrecorded : null);
    if (problem === null) return;
    if (said.passed) throw problem;
    // A failed gate stays one, whatever else went wrong.
    explain(problem);
  } finally {
    progress.stop();
  }
}

/** The last second of the year 9999: dates of later ones have no place in a file's four digits. */
const lastSecond = 253_402_300_799;

/** Milliseconds since the epoch; SOURCE_DATE_EPOCH (seconds) makes a run reproducible to the byte. */
function now(): number {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  if (epoch === undefined || !/^\d+$/.test(epoch)) return Date.now();
  if (Number(epoch) <= lastSecond) return Number(epoch) * 1000;
  throw new UserError({
    what: `${epoch.slice(0, 30)} seconds after 1970 are beyond the year 9999`,
    where: 'environment variable SOURCE_DATE_EPOCH',
    fix: 'Give seconds, not milliseconds, or unset it',
  });
}

function explain({ what, where, fix }: UserError): void {
  const lines = [
    `${styleText('red', 'error:', { stream: process.stderr })} ${visible(what)}`,
    `   in: ${visible(where)}`,
    `  ${styleText('green', 'fix:', { stream: process.stderr })} ${visible(fix)}`,
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}

/** The outcomes in colour on a terminal; NO_COLOR and FORCE_COLOR are heeded. */
function coloured(text: string): string {
  const colours = { PASSED: 'green', FAILED: 'red', 'NOT COMPARED': 'yellow' } as const;
  const [outcome] = /^(PASSED|FAILED|NOT COMPARED)(?=[: .,]|$)/.exec(text) ?? [];
  const named = Object.entries(colours).find(([name]) => name === outcome);
  if (named === undefined) return text;
  const [name, colour] = named;
  return `${styleText([colour, 'bold'], name, { stream: process.stdout })}${text.slice(name.length)}`;
}

function fail(thrown: unknown): void {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return;
    process.exitCode = exit.userError;
    if (thrown.code === 'commander.help') return; // a command is missing: the help says which there are
    process.stderr.write(`${thrown.message}\nRun \`barlow --help\` for what there is.\n`);
    return;
  }
  const mendable = thrown instanceof UserError ? thrown : systemTrouble(thrown);
  if (mendable !== null) {
    explain(mendable);
    process.exitCode = exit.userError;
    return;
  }
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown);
  process.stderr.write(
    `This is a bug in ${tool.name} ${tool.version}; please report it with these lines.\n${detail}\n`,
  );
  process.exitCode = exit.bug;
}

/** What could move a terminal's cursor, recolour it or turn its reading direction; line ends stay. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const unseen = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g;

/** A text from data with such characters written out. */
function visible(text: string): string {
  return text.replace(unseen, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Ends at once: what is written is whole or not there, and what was computed of images is in its store batch by batch. */
function interrupted(): never {
  const kept = 'What was computed of images so far is kept, and the next run goes on from there';
  // Past the progress bar's line, which is not finished.
  process.stderr.write(`\nInterrupted. ${kept}; no file is half-written.\n`);
  process.exit(exit.interrupted);
}

/** Nobody reading, or no room: what is printed changes no exit code. A pipe that was closed on purpose (`| head`) is no news. */
function sayUnprinted(thrown: NodeJS.ErrnoException): void {
  if (thrown.code !== 'EPIPE') process.stderr.write(`Not all could be printed: ${thrown.message}\n`);
}

/**
 * Performs a command line, tells of it on standard output and error, and sets this process's exit code.
 *
 * @param words what stands after `barlow`
 */
export async function runCommandLine(words: readonly string[]): Promise<void> {
  await withExamples(commandLine()).parseAsync(words, { from: 'user' }).catch(fail);
}

/** The command as a process, which can be interrupted, whose output may be closed, and which ends when something throws unseen. */
export async function startCommand(): Promise<void> {
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  process.stdout.on('error', sayUnprinted);
  process.stderr.on('error', () => {});
  process.on('uncaughtException', (thrown) => {
    fail(thrown);
    process.exit();
  });
  await runCommandLine(process.argv.slice(2));
}

// From a checkout: `node src/cli.ts`. Older Nodes do not tell which file they were started with.
const started = process.argv[1];
const isStarted = import.meta.main ?? (started !== undefined && realpathSync(started) === import.meta.filename);
if (isStarted) await startCommand();
