import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/pipeline/templates.ts';
import { closingLines } from '../../src/report/closingLines.ts';
import { renderHtml } from '../../src/report/html.ts';
import { junitXml } from '../../src/report/junit.ts';
import { COMMENT_LIMIT, renderMarkdown } from '../../src/report/markdown.ts';
import { summaryJson } from '../../src/report/summary.ts';
import { buildView } from '../../src/report/view.ts';
import { manyClasses } from './manyClasses.ts';

const templates = await readTemplates();
const EVENTS = 1_000;

describe('a run with a thousand events', () => {
  // Three clusters in four are new, an event each.
  const input = manyClasses(10, 1_333);
  const { result } = input;
  const view = buildView(input);

  it('has a page that stays light: a card for the first, a row for the next, a count of the rest', () => {
    expect(result.checkpoints[0].events).toHaveLength(EVENTS);
    const start = performance.now();
    const html = renderHtml(view, templates);
    // Generous: it takes under a second on an idle machine.
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(html.length).toBeLessThan(15e6);
    const { document } = parseHTML(html);
    const section = document.querySelector('section[aria-labelledby="c0-new"]');
    expect(section?.querySelectorAll('.card')).toHaveLength(20);
    expect(section?.querySelectorAll('table tbody tr')).toHaveLength(200);
    expect(section?.textContent).toContain('780 more in result.json');
  }, 60_000);

  it('has a comment that fits, and says what it leaves out', () => {
    const comment = renderMarkdown(view, templates, COMMENT_LIMIT);
    expect(comment.length).toBeLessThanOrEqual(COMMENT_LIMIT.size);
    expect(comment).toContain('newly fails on 1,000 kinds of image');
    expect(comment).toMatch(/new clusters beyond \d+/);
  }, 60_000);

  it('is told in few lines and a small summary, and whole in junit.xml', () => {
    expect(closingLines(result, new Map(), 'r').length).toBeLessThan(16);
    const summary = JSON.parse(summaryJson(result));
    expect(summary.checkpoints[0].events).toHaveLength(5);
    expect(summary.checkpoints[0].eventsLeftOut).toBe(EVENTS - 5);
    expect(junitXml(result)).toContain('<testsuite');
  });
});
