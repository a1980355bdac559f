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
 * element content and quoted attributes alike; with `'none'` they stand as they are.
 */
export function renderTemplate(templates: Templates, page: string, data: object, escaping: 'html' | 'none'): string {
  const handlebars = Handlebars.create();
  const options = { strict: true, noEscape: escaping === 'none', preventIndent: true };
  for (const [file, text] of Object.entries(templates)) {
    if (file.endsWith('.hbs')) handlebars.registerPartial(file.slice(0, -4), handlebars.compile(text, options));
  }
  return handlebars.compile(templateText(templates, `${page}.hbs`), options)(data);
}
