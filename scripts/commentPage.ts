import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

const css = readFileSync(createRequire(import.meta.url).resolve('github-markdown-css'), 'utf8');
const style = `${css}
  body { margin: 0; padding: 16px; background: light-dark(#fff, #0d1117); color-scheme: light dark; }
  article { border: 1px solid light-dark(#d1d9e0, #3d444d); border-radius: 6px; }
  header { padding: 8px 16px; background: light-dark(#f6f8fa, #151b23); border-bottom: 1px solid light-dark(#d1d9e0, #3d444d);
    border-radius: 6px 6px 0 0; color: light-dark(#59636e, #9198a1); font: 14px/1.5 'Noto Sans', 'Liberation Sans', sans-serif; }
  .markdown-body { padding: 16px; font-family: 'Noto Sans', 'Liberation Sans', sans-serif; font-size: 14px; overflow: hidden; }
`;

/** A page that shows a comment as GitHub does, as far as its published style goes. */
export function commentPage(comment: string): string {
  const rendered = micromark(comment, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });
  // An emoji font is not to be counted on.
  const html = rendered
    .replaceAll('\u274c', '<b style="color: #d1242f">\u2716</b>')
    .replaceAll('\u2705', '<b style="color: #1a7f37">\u2714</b>');
  const header = '<header><b>github-actions</b> bot commented</header>';
  return `<!doctype html><style>${style}</style><article>${header}<div class="markdown-body">${html}</div></article>`;
}
