import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/pipeline/templates.ts';
import type { Cluster } from '../../src/records/comparison.ts';
import { nameText } from '../../src/records/names.ts';
import { COMMENT_LIMIT, renderMarkdown, SUMMARY_LIMIT } from '../../src/report/markdown.ts';
import { escapeMarkdown } from '../../src/report/markdownEscape.ts';
import { keyOf } from '../../src/report/pictures.ts';
import { SHEDDING_STEPS } from '../../src/report/shedding.ts';
import { buildView } from '../../src/report/view.ts';
import { HOSTILE_NAMES, hostileInput } from './hostileResult.ts';
import {
  sampleCheck,
  sampleCheckpoint,
  sampleCluster,
  sampleEvent,
  sampleGroup,
  sampleInput,
  sampleResult,
} from './sampleResult.ts';

const templates = await readTemplates();

function toHtml(markdown: string): string {
  return micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });
}

/** Every tag with its attributes, in order. */
function tags(html: string): string[] {
  return html.match(/<[^>]*>/g) ?? [];
}

/** What a reader sees outside code, where a forge looks for mentions, references and emoji. */
function proseOf(html: string): string {
  return decode(html.replace(/<code>.*?<\/code>/gs, '').replace(/<[^>]*>/g, ' '));
}

function decode(html: string): string {
  const names: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return html.replace(/&(?:#(\d+)|(\w+));/g, (_, code, name) =>
    code ? String.fromCodePoint(Number(code)) : names[name],
  );
}

describe('report.md', () => {
  it('is as approved, in Markdown and as rendered', async () => {
    const sheets = new Map([
      [
        keyOf('candidate', sampleEvent().id),
        { failing: { url: 'https://example.org/a(1)_b|c.png?x=1&copy=2', width: 9, height: 9 }, right: null },
      ],
    ]);
    const markdown = renderMarkdown(buildView(sampleInput(sampleResult(), { sheets })), templates);
    await expect(markdown).toMatchFileSnapshot('../data/report/sample.md');
    await expect(toHtml(markdown)).toMatchFileSnapshot('../data/report/sample.html');
    expect(toHtml(markdown)).toContain('src="https://example.org/a%281%29_b%7Cc.png?x=1&amp;copy=2"');
  });

  it('leads with the verdict, then the clusters before and after', () => {
    const markdown = renderMarkdown(buildView(sampleInput()), templates);
    expect(markdown.split('\n')[0]).toBe('## ❌ Failed: candidate newly fails on 1 kind of image.');
    expect(markdown.indexOf('**4.7 % → 15.2 %**')).toBeLessThan(markdown.indexOf('<details>'));
    expect(markdown).toContain('36 of 341 images newly fail, none is newly right');
  });

  it('says that there is nothing to compare with', () => {
    const alone = sampleCheckpoint({
      comparison: null,
      verdict: { outcome: 'not compared', passed: false, checks: [] },
    });
    const markdown = renderMarkdown(buildView(sampleInput(sampleResult({ checkpoints: [alone] }))), templates);
    expect(markdown).toContain(
      '⚠️ Not compared: candidate was compared with nothing (no comparison was asked for); it has 1 failure mode of its own.',
    );
    expect(markdown).toContain('41 of 76 images fail (53.9 %)');
  });
});

describe('names from data', () => {
  const benign = tags(toHtml(renderMarkdown(buildView(hostileInput('benign')), templates)));

  const benignLong = tags(toHtml(renderMarkdown(buildView(hostileInput('long'.repeat(2_500))), templates)));

  it.each(HOSTILE_NAMES.map((name) => [name.slice(0, 40), name]))('do no harm: %j', (_, name) => {
    const html = toHtml(renderMarkdown(buildView(hostileInput(name)), templates));
    // The same tags in the same order: the name has added and broken nothing.
    expect(tags(html)).toEqual(name.length < 1_000 ? benign : benignLong);
    const prose = proseOf(html);
    expect(prose).not.toMatch(/(?:^|[^\w`])@\w/);
    expect(prose).not.toMatch(/#\d|\bGH-\d/);
    expect(prose).not.toMatch(/:(?:smile|\+1|error):/);
    expect(prose).not.toMatch(/https?:\/\/|www\.|mailto:\w/);
    expect(prose).not.toMatch(/[^\n\P{Cc}]|[\u202a-\u202e]/u);
  });

  it('are shown as they are', () => {
    for (const name of HOSTILE_NAMES) {
      const html = toHtml(`x ${escapeMarkdown(nameText(name))} x`);
      const shown = proseOf(html).replaceAll('\u200b', '').replace(/\s+/g, ' ').trim();
      expect(shown).toBe(`x ${nameText(name)} x`.replace(/\s+/g, ' '));
    }
  });

  it('are as approved through a GitHub-flavoured renderer', async () => {
    const list = HOSTILE_NAMES.map((name) => `${escapeMarkdown(nameText(name))}\n`).join('\n');
    await expect(list).toMatchFileSnapshot('../data/report/hostile.md');
    await expect(toHtml(list)).toMatchFileSnapshot('../data/report/hostile.html');
    expect(new Set(tags(toHtml(list)))).toEqual(new Set(['<p>', '</p>']));
  });
});

describe('size', () => {
  const huge = hugeInput();

  it.each([COMMENT_LIMIT, SUMMARY_LIMIT])(
    '10,000 clusters, 1,000 classes and names of 10,000 characters fit $size $unit',
    (limit) => {
      const markdown = renderMarkdown(buildView(huge), templates, limit);
      const size = limit.unit === 'bytes' ? Buffer.byteLength(markdown) : markdown.length;
      expect(size).toBeLessThanOrEqual(limit.size);
      expect(size).toBeGreaterThan(limit.size / 10);
      expect(markdown.includes('newly fails on 10,000 kinds of image')).toBe(true);
      expect(markdown.includes('more new clusters stand in result.json')).toBe(true);
      const told = markdown.match(/^Shortened to fit .*$/m)?.[0] ?? '';
      const steps = told.replace(/^.*?: (.*)\. All of it.*$/, '$1').split('; ');
      // The steps named are the first few of the declared list, without a gap.
      expect(steps).toEqual(SHEDDING_STEPS.slice(0, steps.length).map((step) => step.says));
      expect(steps.length).toBeGreaterThan(0);
    },
  );

  it('a report that fits sheds nothing', () => {
    expect(renderMarkdown(buildView(sampleInput()), templates, COMMENT_LIMIT)).not.toContain('Shortened');
  });

  it('hundreds of checkpoints with names of 10,000 characters fit a comment', () => {
    const checkpoint = huge.result.checkpoints[0];
    const verdict = {
      outcome: 'failed' as const,
      passed: false,
      checks: checkpoint.verdict?.checks.slice(0, 100) ?? [],
    };
    const few = { ...checkpoint, groups: checkpoint.groups.slice(0, 30), verdict };
    const checkpoints = Array.from({ length: 200 }, (_, i) => ({
      ...few,
      name: `${i}${'<|@'.repeat(3_000)}`,
      comparison: null,
      events: [],
    }));
    const markdown = renderMarkdown(
      buildView({ ...huge, result: { ...huge.result, checkpoints } }),
      templates,
      COMMENT_LIMIT,
    );
    expect(markdown.length).toBeLessThanOrEqual(COMMENT_LIMIT.size);
    expect(markdown.includes('180 more checkpoints')).toBe(true);
  });
});

function hugeInput() {
  const names = Array.from({ length: 1_000 }, (_, i) => `${i} <|@${'long|'.repeat(2_000)}`);
  const groups = names.map((name) => sampleGroup({ id: `label:${name}`, value: name }));
  const clusters: Cluster[] = Array.from({ length: 10_000 }, (_, i) => {
    const { id } = groups[i % 1_000];
    return sampleCluster({ id: `${id}#${i}`, group: id, images: names.slice(0, 2) });
  });
  const checks = clusters.map((cluster) => sampleCheck({ subject: cluster.id, message: cluster.id }));
  const sample = sampleCheckpoint();
  const comparison = sample.comparison && { ...sample.comparison, clusters };
  const events = clusters.map(({ id }) => sampleEvent({ id, title: id, clusters: [id] }));
  return sampleInput(
    sampleResult({
      checkpoints: [{ ...sample, groups, comparison, events, verdict: { outcome: 'failed', passed: false, checks } }],
    }),
  );
}
