import type { Browser, Page } from 'playwright-core';
import { commentPage } from '../../scripts/commentPage.ts';
import { readTemplates } from '../../src/pipeline/templates.ts';
import { COMMENT_LIMIT, renderMarkdown } from '../../src/report/markdown.ts';
import { keyOf } from '../../src/report/pictures.ts';
import { buildView, type ReportInput } from '../../src/report/view.ts';
import { sampleEvent } from './sampleResult.ts';

/** As a phone and as GitHub's column on a desktop show it. */
export const PHONE = { width: 390, height: 844 };
export const COLUMN = { width: 830, height: 900 };

const templates = await readTemplates();
const address = (kind: string) => `https://pictures.invalid/${kind}.png`;

/** What a comment links, besides text. */
export const link = { url: 'https://github.com/owner/cars/actions/runs/1', isReport: true };
const sheetOf = (kind: string) => ({ url: address(kind), width: 1, height: 1 });
/** The sample event's contact sheets. */
export const pictured: ReportInput['sheets'] = new Map([
  [keyOf('candidate', sampleEvent().id), { failing: sheetOf('failing'), right: sheetOf('right') }],
]);

/** PNGs of the contact sheets. */
export type Sheets = ReadonlyMap<'failing' | 'right', Uint8Array>;

/** Opens the comment of a run; nothing but its contact sheets is loaded. */
export async function openComment(
  browser: Browser,
  input: ReportInput,
  viewport: typeof PHONE,
  sheets: Sheets,
): Promise<Page> {
  const page = await browser.newPage({ viewport });
  const bodies = new Map([...sheets].map(([kind, bytes]) => [address(kind), bytes]));
  await page.route('**/*', (route) => {
    const body = bodies.get(route.request().url());
    return body === undefined ? route.abort() : route.fulfill({ body: Buffer.from(body), contentType: 'image/png' });
  });
  const comment = renderMarkdown(buildView(input), templates, COMMENT_LIMIT);
  await page.setContent(commentPage(comment), { waitUntil: 'load' });
  return page;
}
