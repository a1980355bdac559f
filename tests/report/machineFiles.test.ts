import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import type { Check, Verdict } from '../../src/records/verdict.ts';
import { newlyFailedCsv } from '../../src/report/changes.ts';
import { closingLines } from '../../src/report/closingLines.ts';
import { erredJunitXml, junitXml } from '../../src/report/junit.ts';
import { metricsJson } from '../../src/report/metrics.ts';
import { resultJson } from '../../src/report/resultJson.ts';
import { HOSTILE_NAMES, hostileInput } from './hostileResult.ts';
import { sampleCheck, sampleCheckpoint, sampleCluster, sampleEvent, sampleResult } from './sampleResult.ts';

const schema = await readFile(new URL('../data/report/junit.xsd', import.meta.url), 'utf8');

async function problems(xml: string): Promise<readonly unknown[]> {
  return (await validateXML({ xml: [{ fileName: 'junit.xml', contents: xml }], schema: [schema] })).errors;
}

describe('junit.xml', () => {
  it('is as approved: one case a check, failures for errors, warnings in the output', async () => {
    await expect(junitXml(sampleResult())).toMatchFileSnapshot('../data/report/sample-junit.xml');
  });

  it('is valid by what Ant and Jenkins both ask, whatever the names', async () => {
    expect(await problems(junitXml(sampleResult()))).toEqual([]);
    for (const name of HOSTILE_NAMES)
      expect(await problems(junitXml(hostileInput(name).result)), name.slice(0, 40)).toEqual([]);
    const unjudged = sampleResult({ checkpoints: [sampleCheckpoint({ verdict: null })] });
    expect(await problems(junitXml(unjudged))).toEqual([]);
    const said = 'a.csv: "<&>\u0000 \u202e';
    expect(await problems(erredJunitXml('<cars>', said, new Date(0).toISOString()))).toEqual([]);
  });

  it('is never without a test: what was not compared, asked for or not, is one that was skipped', async () => {
    const of = (checks: readonly Check[], outcome: Verdict['outcome'] = 'not compared') =>
      junitXml(
        sampleResult({
          checkpoints: [sampleCheckpoint({ verdict: { outcome, passed: outcome === 'passed', checks } })],
        }),
      );
    const skipped = 'name="comparison: none was asked for"';
    const warning = sampleCheck({ id: 'config', severity: 'warning', passed: false });
    for (const xml of [of([]), junitXml(sampleResult({ checkpoints: [sampleCheckpoint({ verdict: null })] }))]) {
      expect(xml).toContain('tests="1" failures="0" errors="0" skipped="1"');
      expect(xml).toContain(skipped);
      expect(await problems(xml)).toEqual([]);
    }
    expect(of([warning])).toContain('tests="2" failures="0" errors="0" skipped="1"');
    const missing = { ...warning, id: 'baseline' };
    expect(of([missing])).toContain('tests="1" failures="0" errors="0" skipped="1"');
    expect(of([missing])).not.toContain(skipped);
    expect(of([sampleCheck({ passed: true })], 'passed')).not.toContain(skipped);
  });

  it('the validator does find fault', async () => {
    expect(await problems(junitXml(sampleResult()).replace(' type="new-cluster"', ''))).not.toEqual([]);
  });
});

describe('metrics.json', () => {
  it('is one flat object of finite numbers, named as MLflow allows', () => {
    const checkpoints = HOSTILE_NAMES.map((name, i) => sampleCheckpoint({ name: `${i}${name}` }));
    const metrics: Record<string, unknown> = JSON.parse(metricsJson(sampleResult({ checkpoints })));
    expect(Object.keys(metrics).length).toBeGreaterThan(checkpoints.length);
    for (const [key, value] of Object.entries(metrics)) {
      expect(key).toMatch(/^[\w. /-]+$/);
      expect(Number.isFinite(value)).toBe(true);
    }
  });

  it('counts no check that is off', () => {
    const { verdict, ...rest } = sampleCheckpoint();
    const checks = (verdict?.checks ?? []).map((check) => ({ ...check, passed: false, severity: 'off' as const }));
    const off = sampleResult({ checkpoints: [{ ...rest, verdict: verdict && { ...verdict, checks } }] });
    expect(checks.length).toBeGreaterThan(1);
    expect(JSON.parse(metricsJson(off))).toMatchObject({ failedChecks: 0, warnings: 0 });
  });

  it('counts and averages', () => {
    expect(JSON.parse(metricsJson(sampleResult()))).toMatchObject({
      ...{
        images: 10_000,
        failures: 1_680,
        baseErrorRate: 0.168,
        failureModes: 1,
        passed: 0,
        failed: 1,
        compared: 1,
        failedChecks: 1,
        warnings: 1,
      },
      ...{
        newClusters: 1,
        persistingClusters: 1,
        worsenedClusters: 0,
        'label/groups': 1,
        'label/aler': 0.43174834809880935,
      },
    });
  });
});

describe('result.json', () => {
  it('holds the result, and equal results give equal bytes', () => {
    const result = sampleResult();
    expect(JSON.parse(textOf(resultJson(result)))).toEqual(result);
    const { checkpoints, suite, ...rest } = result;
    const reversed = checkpoints.map((each) => Object.fromEntries(Object.entries(each).reverse()));
    expect(reversed).toEqual(checkpoints);
    expect(resultJson({ ...rest, suite, checkpoints: checkpoints.map(turned) })).toEqual(resultJson(result));
  });

  it('sets what is longer than 160 characters on several lines, its keys sorted', () => {
    const classes = Array.from({ length: 3 }, (_, at) => `${at}`.repeat(50));
    const { evalSet } = sampleResult();
    const text = textOf(resultJson(sampleResult({ suite: 'é', evalSet: { ...evalSet, classes, skipped: [] } })));
    const line = `["${classes.join('","')}"]`;
    expect(line).toHaveLength(160);
    expect(text).toContain(
      `\n  "evalSet": {\n    "classes": ${line},\n    "fingerprint": "${evalSet.fingerprint}",\n    "images": `,
    );
    expect(text.startsWith('{\n  "schemaVersion": 2,\n  "suite": "é",\n')).toBe(true);
    expect(text.endsWith('\n}\n')).toBe(true);
    const longer = [...classes.slice(0, 2), `${classes[2]}2`];
    expect(textOf(resultJson(sampleResult({ evalSet: { ...evalSet, classes: longer } })))).toContain(
      `\n    "classes": [\n      "${longer.join('",\n      "')}"\n    ],\n`,
    );
  });

  it('is whole where it is longer than what becomes bytes at a time', () => {
    const classes = Array.from({ length: 30_000 }, (_, at) => `class ${at} of a large set with é`);
    const result = sampleResult({ evalSet: { ...sampleResult().evalSet, classes } });
    expect(JSON.parse(textOf(resultJson(result)))).toEqual(result);
  });

  it('refuses numbers that JSON cannot hold', () => {
    expect(() => resultJson(sampleResult({ checkpoints: [sampleCheckpoint({ baseErrorRate: Number.NaN })] }))).toThrow(
      'checkpoints[0].baseErrorRate is NaN',
    );
  });
});

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** The same checkpoint with its keys in another order. */
function turned({ verdict, comparison, groups, name, ...rest }: ReturnType<typeof sampleCheckpoint>) {
  return { verdict, comparison, groups, ...rest, name };
}

describe('newly-failed.csv', () => {
  it('lists every image that newly fails, with what is not known left empty', () => {
    expect(newlyFailedCsv(sampleResult())).toBe(
      [
        'checkpoint,image,label,before,after,confidence,confidenceBefore,event',
        'candidate,images/00006.png,automobile,automobile,truck,0.9,0.8,label:automobile#89abcdef',
        'candidate,images/00009.png,automobile,automobile,truck,,,',
        '',
      ].join('\n'),
    );
  });

  it('is a table of eight columns whatever names hold', () => {
    for (const name of HOSTILE_NAMES) {
      const csv = newlyFailedCsv(hostileInput(name).result) ?? '';
      const rows: unknown[][] = parse(csv);
      expect(rows.map((row) => row.length)).toEqual([8, 8, 8]);
      expect(String(rows[1][1]).replace(/^'/, '')).toBe(name.toWellFormed());
      expect(String(rows[1][1])).not.toMatch(/^[=+@-]/);
    }
  });

  it('is not written where nothing was compared', () => {
    expect(newlyFailedCsv(sampleResult({ checkpoints: [sampleCheckpoint({ comparison: null })] }))).toBeNull();
  });
});

describe('closing lines', () => {
  it('say what failed and where the report is', () => {
    expect(closingLines(sampleResult(), new Map(), 'out/report.html')).toEqual([
      'FAILED: candidate: 1 failed check; 1 new failure event, 0 known failure modes worse',
      'Failed check new-cluster: a new cluster of failures appeared',
      'Warning error-rate: a new cluster of failures appeared',
      'Worst: Automobiles taken for trucks: 30 of 36; redder in the centre than 9 in 10 other automobiles. Among images of automobile, feature 33 > 0.412: 36 of 341 images newly fail, none is newly right (4.7 % -> 15.2 %; by chance in less than 1 in 1,000,000 cases)',
      "Next: Collect more like these. barlow find 'label:automobile#89abcdef' --in FOLDER --out found.csv",
      'Report: out/report.html',
    ]);
  });

  it('tell the first event by its own cluster, however many images newly fail in another', () => {
    const sample = sampleCheckpoint();
    const [first] = sample.events;
    const larger = sampleCluster({ id: 'label:cat#11111111', group: 'label:cat', newlyFailed: 90 });
    const second = { ...first, id: larger.id, title: 'Cats taken for dogs: 90 of 90', clusters: [larger.id] };
    const comparison = sample.comparison && {
      ...sample.comparison,
      clusters: [larger, ...sample.comparison.clusters],
    };
    const result = sampleResult({ checkpoints: [sampleCheckpoint({ comparison, events: [first, second] })] });
    const [worst = ''] = closingLines(result, new Map(), 'r').filter((line) => line.startsWith('Worst: '));
    expect(worst).toMatch(
      /^Worst: Automobiles taken for trucks: 30 of 36; .* Among images of automobile, feature 33 > 0\.412: 36 /,
    );
  });

  it('tell the known failure mode that got worst where nothing is new', () => {
    const sample = sampleCheckpoint();
    const [less, more] = [12, 30].map((newlyFailed) =>
      sampleCluster({ id: `label:cat#${newlyFailed}`, status: 'worsened', newlyFailed }),
    );
    const comparison = sample.comparison && { ...sample.comparison, clusters: [less, more] };
    const result = sampleResult({ checkpoints: [sampleCheckpoint({ comparison, events: [] })] });
    const lines = closingLines(result, new Map(), 'r').filter((line) => /^(Worst|Next)/.test(line));
    expect(lines).toEqual([
      'Worst: images of automobile, feature 33 > 0.412: 30 of 341 images newly fail, none is newly right (4.7 % -> 15.2 %; by chance in less than 1 in 1,000,000 cases)',
    ]);
  });

  it('speak of failure modes where there is no baseline', () => {
    const result = sampleResult({ checkpoints: [sampleCheckpoint({ comparison: null, events: [], verdict: null })] });
    expect(closingLines(result, new Map(), 'r')).toEqual([
      'NOT COMPARED: candidate: compared with no baseline',
      'Worst failure mode: images of automobile, feature 102 > 0.112 and feature 48 > 0.0115: 41 of 76 images fail (53.9 %), 8.7 times as often as usual (6.2 %)',
      'Report: r',
    ]);
  });

  it('tell of a pass what changed all the same', () => {
    const sample = sampleCheckpoint();
    const comparison = sample.comparison && { ...sample.comparison, clusters: [], mended: [sampleEvent()] };
    const verdict = {
      outcome: 'passed',
      passed: true,
      checks: [sampleCheck({ id: 'error-rate', severity: 'warning' })],
    } as const;
    const result = sampleResult({ checkpoints: [sampleCheckpoint({ comparison, events: [], verdict })] });
    expect(closingLines(result, new Map(), 'r')).toEqual([
      'PASSED: candidate: 0 new failure events, 0 known failure modes worse',
      'Warning error-rate: a new cluster of failures appeared',
      'Error rate 16 % -> 16.8 %: 610 images newly fail, 530 are newly right (p = 0.02, McNemar).',
      '2 images newly fail, the most confident first (all in newly-failed.csv): images/00006.png (automobile, now truck, confidence 0.9), images/00009.png (automobile, now truck)',
      'Mended: Automobiles taken for trucks: 30 of 36; redder in the centre than 9 in 10 other automobiles',
      'Compared: all 10,000 images, with baseline at commit fedcba987654; a new cluster of about 12 to 40 newly failed images, by group, could have failed the gate',
      'Report: r',
    ]);
  });

  it('hold no command and no control character', () => {
    for (const name of HOSTILE_NAMES) {
      const lines = closingLines(hostileInput(name).result, new Map(), 'r');
      expect(lines.length).toBeGreaterThan(3);
      for (const line of lines) expect(line).not.toMatch(/^\s*::|##\[|\p{Cc}|[\u202a-\u202e]/u);
    }
  });
});
