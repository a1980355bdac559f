/**
 * Takes pictures of a real run: the example's images in a git repository of their own, its baseline accepted on main, its candidate
 * judged as a pull request. The comment is what the action would post, rendered as GitHub-flavoured Markdown in GitHub's own style
 * (github-markdown-css); its contact sheets come from the baseline branch.
 *
 * usage: node scripts/screenshots.ts           docs/images/comment.jpg and report.jpg, the README's
 *        node scripts/screenshots.ts FOLDER    comment and report on a phone and a desktop, light and dark, to be looked at
 *
 * Needs git and Debian's chromium.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { recordBaseline } from '../src/pipeline/baseline.ts';
import type { Request } from '../src/pipeline/request.ts';
import { runGate } from '../src/pipeline/run.ts';
import { commentPage } from './commentPage.ts';

const root = join(import.meta.dirname, '..');
const example = join(root, 'examples', 'cifar10');
const pictures = 'https://pictures.invalid';
const mostBytes = 150_000;

/** A repository with the example in it: main, and a branch that would be a pull request. */
function prepare(folder: string): void {
  const day = '2026-11-02T09:00:00Z';
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false'];
  const env = { ...process.env, GIT_AUTHOR_DATE: day, GIT_COMMITTER_DATE: day };
  const git = (...args: readonly string[]) => execFileSync('git', [...identity, ...args], { cwd: folder, env });
  for (const part of ['images', 'models', 'predictions', 'eval.csv', '.barlow']) {
    if (existsSync(join(example, part))) cpSync(join(example, part), join(folder, part), { recursive: true });
  }
  const config = readFileSync(join(example, 'barlow.yml'), 'utf8');
  writeFileSync(join(folder, 'barlow.yml'), config.replace(/^baseline:\n(?: .*\n)*/m, ''));
  writeFileSync(join(folder, '.gitignore'), '.barlow/\nreport/\n');
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'Accept the checkpoint in use');
  git('checkout', '--quiet', '-b', 'retrain');
  git('commit', '--quiet', '--allow-empty', '--message', 'Train on the new data');
}

function requestOf(folder: string, checkpoint: string, changes: Partial<Request>): Request {
  return {
    ...{ config: join(folder, 'barlow.yml'), out: join(folder, 'report'), workers: availableParallelism() },
    checkpoints: [{ name: checkpoint, path: join(folder, 'predictions', `${checkpoint}.csv`) }],
    ...{ baseline: null, commit: null, base: null, record: false, shard: null, now: new Date('2026-11-03T09:00:00Z') },
    onProgress: () => {},
    onNotice: (line) => void process.stderr.write(`${line}\n`),
    ...changes,
  };
}

/** The comment of a run that judges the candidate against the baseline of main; its reports lie in `report`. */
async function judge(folder: string): Promise<string> {
  const main = execFileSync('git', ['rev-parse', 'main'], { cwd: folder, encoding: 'utf8' }).trim();
  await recordBaseline(requestOf(folder, 'baseline', { commit: main }));
  const judged = await runGate(
    requestOf(folder, 'candidate', {
      base: 'main',
      pictureAddress: (revision, path) => `${pictures}/${revision}/${path}`,
      publish: async () => ({ url: 'https://github.com/owner/cars/actions/runs/1/artifacts/2', isReport: true }),
    }),
  );
  return judged.comment;
}

interface Look {
  readonly width: number;
  readonly height: number;
  readonly colorScheme: 'light' | 'dark';
}

async function openComment(browser: Browser, folder: string, comment: string, look: Look): Promise<Page> {
  const { width, height, colorScheme } = look;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  await page.route(`${pictures}/**`, (route) => {
    const [revision, ...path] = new URL(route.request().url()).pathname.slice(1).split('/');
    const body = execFileSync('git', ['show', `${revision}:${path.join('/')}`], { cwd: folder, maxBuffer: 2 ** 26 });
    return route.fulfill({ body, contentType: 'image/png' });
  });
  await page.setContent(commentPage(comment), { waitUntil: 'networkidle' });
  return page;
}

async function openReport(browser: Browser, folder: string, { width, height, colorScheme }: Look): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  await page.goto(pathToFileURL(join(folder, 'report', 'report.html')).href, { waitUntil: 'load' });
  return page;
}

function keep(name: string, picture: Buffer): void {
  const file = join(root, 'docs', 'images', name);
  if (picture.length > mostBytes) throw new Error(`${file} would have ${picture.length} bytes, more than ${mostBytes}`);
  mkdirSync(join(root, 'docs', 'images'), { recursive: true });
  writeFileSync(file, picture);
  process.stdout.write(`${file}: ${picture.length} bytes\n`);
}

/** The README's two pictures. */
async function shootForReadme(browser: Browser, folder: string, comment: string): Promise<void> {
  const commented = await openComment(browser, folder, comment, { width: 640, height: 900, colorScheme: 'light' });
  keep(
    'comment.jpg',
    await commented.screenshot({ type: 'jpeg', quality: 88, clip: { x: 0, y: 0, width: 640, height: 760 } }),
  );
  const reported = await openReport(browser, folder, { width: 900, height: 900, colorScheme: 'light' });
  keep('report.jpg', await reported.screenshot({ type: 'jpeg', quality: 80 }));
}

/** The first screen and the whole of each, to be looked at. */
async function shootAll(browser: Browser, folder: string, comment: string, into: string): Promise<void> {
  mkdirSync(into, { recursive: true });
  cpSync(join(folder, 'report'), join(into, 'files'), { recursive: true });
  writeFileSync(join(into, 'comment.md'), comment);
  for (const colorScheme of ['light', 'dark'] as const) {
    const pages = [
      ['comment-390', await openComment(browser, folder, comment, { width: 390, height: 844, colorScheme })],
      ['comment-830', await openComment(browser, folder, comment, { width: 830, height: 900, colorScheme })],
      ['report-390', await openReport(browser, folder, { width: 390, height: 844, colorScheme })],
      ['report-1440', await openReport(browser, folder, { width: 1440, height: 900, colorScheme })],
    ] as const;
    for (const [name, page] of pages) {
      await page.screenshot({ path: join(into, `${name}-${colorScheme}-first.png`) });
      await page.screenshot({ path: join(into, `${name}-${colorScheme}.png`), fullPage: true });
      await page.close();
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'barlow-screenshots-'));
try {
  prepare(folder);
  const comment = await judge(folder);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  const [into] = process.argv.slice(2);
  await (into === undefined ? shootForReadme(browser, folder, comment) : shootAll(browser, folder, comment, into));
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
