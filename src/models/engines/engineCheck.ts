import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { messageOf, UserError } from '../../errors.ts';
import { engineNamed, type RunnableEngine } from '../../records/engines.ts';
import { startWith } from '../onnx/model.ts';
import { smallestModel } from '../onnx/smallestModel.ts';
import { loadTfjs } from '../tfjs/model.ts';
import { brief } from './installedPackage.ts';

/** Whether an engine loads on this machine. */
export interface EngineCheck {
  readonly engine: RunnableEngine;
  readonly loads: boolean;
  /** Why it does not, and what to do about it; null where it does. */
  readonly reason: string | null;
  readonly fix: string | null;
}

const FILE = fileURLToPath(import.meta.url);

/** An engine that has not answered by then hangs, in a driver most likely. */
const PATIENCE_MS = 60_000;

/** Loads an engine in a process of its own: native libraries crash, print and get in each other's way. */
export function checkEngine(engine: RunnableEngine): Promise<EngineCheck> {
  const broken = (reason: string): EngineCheck => ({ engine, loads: false, reason, fix: 'See docs/gpu.md' });
  return new Promise((resolve) => {
    const child = fork(FILE, [engine], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] });
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    let answer: EngineCheck | null = null;
    child.on('message', (message) => {
      if (isCheck(message, engine)) answer = message;
      child.kill('SIGKILL');
    });
    child.on('error', (thrown) => {
      clearTimeout(timer); // no exit follows where nothing was started
      resolve(broken(`it cannot be tried (${messageOf(thrown)})`));
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      resolve(answer ?? broken(`it ends the process that loads it (${signal ?? `exit code ${code}`})`));
    });
  });
}

function isCheck(message: unknown, engine: RunnableEngine): message is EngineCheck {
  return typeof message === 'object' && message !== null && 'engine' in message && message.engine === engine;
}

async function check(engine: RunnableEngine): Promise<EngineCheck> {
  try {
    await load(engine);
    return { engine, loads: true, reason: null, fix: null };
  } catch (thrown) {
    if (thrown instanceof UserError) return { engine, loads: false, reason: thrown.what, fix: thrown.fix };
    return { engine, loads: false, reason: brief(thrown), fix: 'See docs/gpu.md' };
  }
}

async function load(engine: RunnableEngine): Promise<void> {
  if (engineNamed(engine)?.kind === 'tfjs') {
    await loadTfjs(engine);
    return;
  }
  const start = await startWith(engine, { threads: 1 });
  await (await start(smallestModel(), ['out'])).release();
}

if (process.argv[1] === FILE) {
  const engine = engineNamed(process.argv[2] ?? '');
  if (engine !== null) process.send?.(await check(engine.name));
}
