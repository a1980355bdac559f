import { type Params, SingleBar } from 'cli-progress';
import type { OnProgress } from '../records/threads.ts';

/** Progress as it is shown; `stop` leaves the last line standing. */
export interface Progress {
  readonly on: OnProgress;
  readonly stop: () => void;
}

/** Milliseconds between two lines of a log. */
const logEvery = 5000;

/** One bar a stage on a terminal, a line every few seconds in a log, nothing when quiet; all on standard error. */
export function openProgress(quiet: boolean): Progress {
  if (quiet) return { on: () => {}, stop: () => {} };
  return process.stderr.isTTY ? bars() : logLines();
}

function bars(): Progress {
  let stage = '';
  let bar: SingleBar | null = null;
  const stop = () => {
    bar?.stop();
    bar = null;
    stage = '';
  };
  return {
    on: (name, done, total) => {
      if (name !== stage) {
        stop();
        stage = name;
        bar = stageBar(name);
        bar.start(total, done);
      }
      bar?.setTotal(total);
      bar?.update(done);
      if (done >= total) stop();
    },
    stop,
  };
}

function stageBar(stage: string): SingleBar {
  const format = (options: { barsize?: number | undefined }, { value, total, progress }: Params) => {
    const line = lineOf(stage, value, total);
    const width = Math.max(0, Math.min(options.barsize ?? 40, process.stderr.columns - line.length - 2));
    const filled = Math.round(width * progress);
    return `${line}  ${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
  };
  // The cursor stays: an interrupted run could not bring it back.
  return new SingleBar({ format, stream: process.stderr, hideCursor: false, linewrap: null });
}

function logLines(): Progress {
  let last = { stage: '', time: 0 };
  return {
    on: (stage, done, total) => {
      const time = Date.now();
      const fresh = stage !== last.stage;
      if (done < total && !fresh && time - last.time < logEvery) return;
      last = { stage, time };
      // A stage of an instant needs no first line.
      if (done >= total || !fresh) process.stderr.write(`${lineOf(stage, done, total)}\n`);
    },
    stop: () => {},
  };
}

function lineOf(stage: string, done: number, total: number): string {
  const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
  return `${stage.padEnd(14)} ${String(done).padStart(String(total).length)}/${total} (${String(percent).padStart(3)} %)`;
}
