import { type PlotOptions, plot } from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** The marks that our plots are made of. */
export {
  arrow,
  type BinXInputs,
  binX,
  dot,
  line,
  link,
  type RectYOptions,
  rectY,
  ruleX,
  ruleY,
  text,
} from '@observablehq/plot';

/** Colours are the page's own, so that a drawing follows light and dark. */
export const BEFORE = 'var(--before)';
export const AFTER = 'var(--fail)';
export const CALM = 'var(--calm)';
export const FAINT = 'var(--line)';

/** An empty document to draw in: enough of the DOM for a plotting library, no browser. */
const drawingDocument = parseHTML('<!doctype html><html><body></body></html>').document;

/**
 * SVG text of a plot. It holds no style element or attribute, which a page's security policy would refuse; texts from data
 * stand in text nodes only, never in attributes.
 */
export function svg(options: PlotOptions, label: string): string {
  const drawn = plot({ ...options, document: drawingDocument, className: 'plot' });
  for (const style of drawn.querySelectorAll('style')) style.remove();
  for (const element of drawn.querySelectorAll('[aria-label]')) element.removeAttribute('aria-label');
  drawn.setAttribute('role', 'img');
  const title = drawingDocument.createElementNS('http://www.w3.org/2000/svg', 'title');
  title.textContent = label;
  drawn.prepend(title);
  return drawn.outerHTML;
}
