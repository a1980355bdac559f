import Handlebars from 'handlebars';

/** Template texts by file name, as in the folder `templates`: pages and partials `<name>.hbs`, styles and scripts. */
export type Templates = Readonly<Record<string, string>>;

/** @throws Error where there is no such template: the package is not whole */
export function templateText(templates: Templates, file: string): string {
  const text = templates[file];
  if (text === undefined) throw new Error(`no template ${file}`);
  return text;
}

/**
 * Renders `page` (`report.md` for `report.md.hbs`) with every other `.hbs` as a partial under its name without
 * `.hbs`. A name that a template uses and `data` lacks throws. With `escaping` `'html'` texts are escaped for HTML,
 * element content and quoted attributes alike; with `'none'` they stand as they are. Templates read what is the data's own,
 * and of getters those of these names.
 */
export function renderTemplate(
  templates: Templates,
  page: string,
  data: unknown,
  escaping: 'html' | 'none',
  getters: readonly string[] = [],
): string {
  const pages = compiled.get(templates) ?? new Map<string, Render>();
  compiled.set(templates, pages);
  const key = `${page} ${escaping}`;
  const render = pages.get(key) ?? compile(templates, page, escaping);
  pages.set(key, render);
  return render(data, { allowedProtoProperties: Object.fromEntries(getters.map((name) => [name, true])) });
}

type Render = (data: unknown, options: Handlebars.RuntimeOptions) => string;

/** A page is rendered many times where it must be shortened, and compiling it takes longer than that. */
const compiled = new WeakMap<Templates, Map<string, Render>>();

function compile(templates: Templates, page: string, escaping: 'html' | 'none'): Render {
  const handlebars = Handlebars.create();
  const options = { strict: true, noEscape: escaping === 'none', preventIndent: true };
  for (const [file, text] of Object.entries(templates)) {
    if (file.endsWith('.hbs')) handlebars.registerPartial(file.slice(0, -4), handlebars.compile(text, options));
  }
  return handlebars.compile(templateText(templates, `${page}.hbs`), options);
}
