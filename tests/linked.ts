import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { nodeBundle } from '../scripts/nodeBundle.ts';

const root = join(import.meta.dirname, '..');

/** Sources that have themselves started, by a thread pool or as a process: each is linked to a file of its own, too. */
const started = globSync('src/**/*.ts', { cwd: root }).filter((file) =>
  /\burl: import\.meta\.url|\bfileURLToPath\(import\.meta\.url\)/.test(readFileSync(join(root, file), 'utf8')),
);

/** For what else a source finds by its own place (schemas, templates, packages) it stays where it is. */
const inPlace: Plugin = {
  name: 'sources know their own place',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      const file = relative(root, path);
      const place = started.includes(file)
        ? `new URL('./${basename(file, '.ts')}.mjs', import.meta.url).href`
        : JSON.stringify(pathToFileURL(path).href);
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', place), loader: 'ts' };
    });
  },
};

/**
 * The command and the action, each linked from `src/` and the packages that it uses: they do the same, and Node need not find and
 * link a thousand files whenever a test starts one, which takes it a quarter of a second of half a second. What tests the loading
 * itself starts `src/bin.ts`.
 */
export const { command, action } = await link();

async function link(): Promise<{ readonly command: string; readonly action: string }> {
  const folder = join(root, 'node_modules', '.cache', 'barlow-linked', digest());
  if (!existsSync(folder)) await linkInto(folder);
  return { command: join(folder, 'bin.mjs'), action: join(folder, 'action.mjs') };
}

/** Of all that is linked and of where it lies. */
function digest(): string {
  const hash = createHash('sha256').update(root);
  const sources = globSync('src/**/*.ts', { cwd: root }).toSorted();
  for (const file of ['package-lock.json', 'scripts/nodeBundle.ts', 'tests/linked.ts', ...sources])
    hash.update(`\n${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

/** Several processes may link at once; each does it aside, and the first is kept. What sources of an hour ago gave is removed. */
async function linkInto(folder: string): Promise<void> {
  const cache = join(folder, '..');
  mkdirSync(cache, { recursive: true });
  const aside = mkdtempSync(join(cache, 'aside-'));
  await build({
    absWorkingDir: root,
    entryPoints: ['src/bin.ts', 'src/forge/action.ts', ...started].map((file) => ({
      in: file,
      out: basename(file, '.ts'),
    })),
    outdir: aside,
    // Node would read the whole to find out that it is no CommonJS.
    outExtension: { '.js': '.mjs' },
    ...nodeBundle,
    logLevel: 'warning',
    // Engines are looked up by name, a thread pool starts a file of its own, a canvas for linkedom is loaded where there is one.
    external: ['onnxruntime-node', 'onnxruntime-web', '@tensorflow/*', 'piscina', 'canvas', '@actions/artifact'],
    plugins: [inPlace],
  });
  try {
    renameSync(aside, folder);
  } catch (thrown) {
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(folder)) throw thrown;
  }
  const madeAt = (name: string) => statSync(join(cache, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  const old = readdirSync(cache).filter((name) => madeAt(name) < Date.now() - 3_600_000);
  for (const name of old) rmSync(join(cache, name), { recursive: true, force: true });
}
