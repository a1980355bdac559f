import { entry } from '../records/entry.ts';
import { stream } from '../statistics/random.ts';

/** `size` of the rows 0 to `rows` - 1, ascending, every choice as likely; all where there are no more. `name` names the random numbers. */
export function drawnRows(name: string, rows: number, size: number): Uint32Array {
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  if (rows <= size) return all;
  const { below } = stream(name);
  for (let i = 0; i < size; i++) {
    const j = i + below(rows - i);
    [all[i], all[j]] = [entry(all, j), entry(all, i)];
  }
  return all.slice(0, size).sort();
}
