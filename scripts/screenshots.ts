/**
 * Takes the README's pictures, docs/images/comment.png and report.png, of a real run: the example's images in a git
 * repository of their own, its baseline accepted on main, its candidate judged as a pull request. The comment is what the
 * action would post, rendered as GitHub-flavoured Markdown in a plain style; its contact sheets come from the baseline branch.
 *
 * usage: node scripts/screenshots.ts      (needs git and Debian's chromium)
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { type Browser, chromium } from 'playwright-core';
import { recordBaseline } from '../src/pipeline/baseline.ts';
import type { Request } from '../src/pipeline/request.ts';
import { runGate } from '../src/pipeline/run.ts';

const root = join(import.meta.dirname, '..');
const example = join(root, 'examples', 'cifar10');
const pictures = 'https://pictures.invalid';
const mostBytes = 250_000;

const style = `
  body { margin: 0; padding: 16px; background: #fff; color: #1f2328;
    font: 14px/1.5 'Noto Sans', 'Liberation Sans', 'DejaVu Sans', sans-serif; }
  article { border: 1px solid #d1d9e0; border-radius: 6px; }
  header { padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; color: #59636e; }
  main { padding: 8px 16px; overflow: hidden; }
  h2 { font-size: 21px; padding-bottom: 6px; border-bottom: 1px solid #d1d9e0; } h3 { font-size: 17px; } h4 { font-size: 14px; }
  table { border-collapse: collapse; } th, td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left; }
  tr:nth-child(2n) { background: #f6f8fa; } img { max-width: 64%; }
  code { background: #eff1f3; border-radius: 6px; padding: 2px 5px; font-size: 85%; }
  blockquote { margin: 0; padding: 0 1em; color: #59636e; border-left: 4px solid #d1d9e0; }
`;

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
    }),
  );
  return judged.comment;
}

async function shootComment(browser: Browser, folder: string, comment: string): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: 900, height: 1_000 } });
  await page.route(`${pictures}/**`, (route) => {
    const [revision, ...path] = new URL(route.request().url()).pathname.slice(1).split('/');
    const body = execFileSync('git', ['show', `${revision}:${path.join('/')}`], { cwd: folder, maxBuffer: 2 ** 26 });
    return route.fulfill({ body, contentType: 'image/png' });
  });
  const rendered = micromark(comment, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });
  // An emoji font is not to be counted on.
  const html = rendered
    .replaceAll('\u274c', '<b style="color: #d1242f">\u2716</b>')
    .replaceAll('\u2705', '<b style="color: #1a7f37">\u2714</b>');
  const header = '<header><b>github-actions</b> bot commented</header>';
  await page.setContent(`<!doctype html><style>${style}</style><article>${header}<main>${html}</main></article>`, {
    waitUntil: 'networkidle',
  });
  // Down to the first row of the first contact sheet.
  const { y } = (await page.locator('main img').first().boundingBox()) ?? { y: 900 };
  return page.screenshot({ fullPage: true, clip: { x: 0, y: 0, width: 900, height: y + 92 } });
}

async function shootReport(browser: Browser, folder: string): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: 1_100, height: 1_100 }, colorScheme: 'light' });
  await page.goto(pathToFileURL(join(folder, 'report', 'report.html')).href, { waitUntil: 'load' });
  return page.screenshot();
}

function keep(name: string, picture: Buffer): void {
  const file = join(root, 'docs', 'images', name);
  if (picture.length > mostBytes) throw new Error(`${file} would have ${picture.length} bytes, more than ${mostBytes}`);
  mkdirSync(join(root, 'docs', 'images'), { recursive: true });
  writeFileSync(file, picture);
  process.stdout.write(`${file}: ${picture.length} bytes\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'barlow-screenshots-'));
try {
  prepare(folder);
  const comment = await judge(folder);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  keep('comment.png', await shootComment(browser, folder, comment));
  keep('report.png', await shootReport(browser, folder));
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
