/** Numbers in words. Locale-free, so that a report is the same bytes on every machine. */

/** 1234567 -> "1,234,567". */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** (1, "image") -> "1 image"; (10000, "image") -> "10,000 images". */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** A rate in [0, 1] as "4.5 %"; takes more digits where one would round to a false 0 or 100. */
export function percent(rate: number): string {
  const value = rate * 100;
  for (let digits = 1; ; digits++) {
    const rounded = Number(value.toFixed(digits));
    const false0or100 = (rounded === 0 && value !== 0) || (rounded === 100 && value !== 100);
    if (!false0or100 || digits === 6) return `${rounded} %`;
  }
}

/** The change of a rate in percentage points: "+20.8 points", "-3 points", "no change". */
export function points(before: number, after: number): string {
  const change = Number(((after - before) * 100).toFixed(1));
  if (change === 0) return after === before ? 'no change' : 'under 0.1 points';
  return `${change > 0 ? '+' : '-'}${Math.abs(change)} ${Math.abs(change) === 1 ? 'point' : 'points'}`;
}

/** How often something happens compared with usual: "8.7 times as often as usual", "half as often as usual". */
export function timesUsual(rate: number, usual: number): string {
  if (usual === 0) return rate === 0 ? 'as usual' : 'where nothing usually fails';
  const ratio = rate / usual;
  if (ratio >= 0.95 && ratio < 1.05) return 'about as often as usual';
  return `${Number(ratio.toPrecision(2))} times as often as usual`;
}

/** A plain number with `digits` significant digits and no trailing zeros. */
export function number(value: number, digits = 3): string {
  return String(Number(value.toPrecision(digits)));
}

/** A p-value: "p = 0.0002"; under 1 in 10,000 "p < 0.0001", under 1 in a million "p < 0.000001"; "not tested" for null. */
export function pValue(p: number | null): string {
  if (p === null) return 'not tested';
  if (p < 1e-6) return 'p < 0.000001';
  if (p < 1e-4) return 'p < 0.0001';
  return `p = ${number(p, 2)}`;
}

/** How often chance alone does as much: "less than 1 in 10,000 cases", "1 in 240 cases", "9 in 10 cases". */
export function odds(p: number): string {
  if (p < 1e-6) return 'less than 1 in 1,000,000 cases';
  if (p < 1e-4) return 'less than 1 in 10,000 cases';
  if (p < 0.15) return `1 in ${count(Number((1 / p).toPrecision(2)))} cases`;
  return `${Math.round(p * 10)} in 10 cases`;
}

/** How sure a finding is, in plain words with its p-value. */
export function howSure(p: number | null): string {
  if (p === null) return 'Not tested: it may be chance.';
  if (p > 0.95) return `No more than chance (${pValue(p)}).`;
  return `${degree(p)}. Chance alone does as much in ${odds(p)} (${pValue(p)}).`;
}

/** The same in few words, for a table: "Very likely real (p = 0.004)". */
export function howSureShort(p: number | null): string {
  if (p === null) return 'Not tested';
  return `${p > 0.95 ? 'No more than chance' : degree(p)} (${pValue(p)})`;
}

function degree(p: number): string {
  if (p < 1e-4) return 'Practically certain';
  if (p <= 0.01) return 'Very likely real';
  return p <= 0.05 ? 'Probably real' : 'May well be chance';
}
