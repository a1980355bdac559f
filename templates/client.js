// @ts-check
// The report stands without this script; it adds sorting and filtering of groups, and keeps the page still when a node of a
// tree is chosen. It makes no markup from data.

const FIRST_ROWS = 100;

for (const groups of document.querySelectorAll('[data-groups]')) enliven(groups);

/** @param {Element} groups a table of groups with its filter and its button */
function enliven(groups) {
  const body = groups.querySelector('tbody');
  const filter = groups.querySelector('.filter');
  const input = groups.querySelector('input');
  const status = groups.querySelector('[role=status]');
  const more = groups.querySelector('.more');
  const button = groups.querySelector('.more button');
  if (!body || !filter || !input || !status || !more || !button) return;
  const rows = [...body.rows].map((row) => ({ row, text: row.cells[0].textContent.toLowerCase() }));
  let shown = rows;
  let all = false;

  const show = () => {
    const limit = all ? shown.length : FIRST_ROWS;
    body.replaceChildren(...shown.slice(0, limit).map(({ row }) => row));
    const hidden = Math.max(0, shown.length - limit);
    more.toggleAttribute('hidden', hidden === 0);
    button.textContent = `Show ${hidden} more`;
    const found = shown.length === rows.length ? `${rows.length} groups` : `${shown.length} of ${rows.length} groups`;
    if (shown.length === 0) status.textContent = `No group is called like “${input.value.trim()}”`;
    else status.textContent = hidden === 0 ? found : `${found}, the first ${limit} shown`;
  };

  const refilter = () => {
    const wanted = input.value.trim().toLowerCase();
    shown = rows.filter(({ text }) => text.includes(wanted));
    show();
  };

  input.addEventListener('input', refilter);
  button.addEventListener('click', () => {
    all = true;
    show();
  });
  for (const head of groups.querySelectorAll('th[data-sort]')) {
    if (head instanceof HTMLTableCellElement) {
      makeSortable(head, (ascending) => {
        rows.sort((a, b) => compareCells(a.row.cells[head.cellIndex], b.row.cells[head.cellIndex], head.dataset.sort));
        if (!ascending) rows.reverse();
        // Who sorts looks at the top; laying thousands of rows out again would take half a second.
        all = false;
        for (const other of groups.querySelectorAll('[aria-sort]'))
          if (other !== head) other.removeAttribute('aria-sort');
        refilter();
      });
    }
  }
  filter.removeAttribute('hidden');
  show();
}

/**
 * @param {HTMLTableCellElement} head
 * @param {(ascending: boolean) => void} sort
 */
function makeSortable(head, sort) {
  const button = document.createElement('button');
  button.type = 'button';
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener('click', () => {
    // Names first from A, figures first from the greatest.
    const first = head.dataset.sort === 'text' ? 'ascending' : 'descending';
    const other = first === 'ascending' ? 'descending' : 'ascending';
    const order = head.getAttribute('aria-sort') === first ? other : first;
    head.setAttribute('aria-sort', order);
    sort(order === 'ascending');
  });
}

/**
 * @param {HTMLTableCellElement} a
 * @param {HTMLTableCellElement} b
 * @param {string | undefined} by
 */
function compareCells(a, b, by) {
  if (by === 'text') return a.textContent.localeCompare(b.textContent);
  return cellNumber(a) - cellNumber(b);
}

/** @param {HTMLTableCellElement} cell */
function cellNumber(cell) {
  const text = cell.dataset.value ?? cell.textContent ?? '';
  return text.trim() === '' || Number.isNaN(Number(text)) ? Number.NEGATIVE_INFINITY : Number(text);
}

for (const tree of document.querySelectorAll('.tree')) {
  const nodes = [...tree.querySelectorAll('.node')];
  tree.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('.drawing a, .leaves a') : null;
    const target = link?.getAttribute('href') ?? link?.getAttribute('xlink:href');
    const chosen = nodes.find((node) => `#${node.id}` === target);
    if (!(chosen instanceof HTMLElement)) return;
    event.preventDefault();
    for (const node of nodes) {
      node.classList.toggle('chosen', node === chosen);
    }
    for (const each of tree.querySelectorAll('a[aria-current]')) each.removeAttribute('aria-current');
    link?.setAttribute('aria-current', 'true');
    chosen.focus({ preventScroll: true });
    chosen.scrollIntoView({ block: 'nearest' });
  });
}

for (const browser of document.querySelectorAll('[data-browser]')) {
  const filter = browser.querySelector('.filter');
  const input = browser.querySelector('input');
  const status = browser.querySelector('[role=status]');
  const items = [...browser.querySelectorAll(':scope > .strip li, :scope > .names li')].map((item) => {
    const { name, is, before, now } = item.querySelector('button')?.dataset ?? {};
    return { item, text: (name ? [name, is, before, now].join(' ') : (item.textContent ?? '')).toLowerCase() };
  });
  if (!filter || !input || !status || items.length < 2) continue;
  const what = (browser instanceof HTMLElement && browser.dataset.of) || 'images';
  input.addEventListener('input', () => {
    const wanted = input.value.trim().toLowerCase();
    let found = 0;
    for (const { item, text } of items) {
      const isWanted = text.includes(wanted);
      item.toggleAttribute('hidden', !isWanted);
      if (isWanted) found++;
    }
    status.textContent =
      found === 0 ? `Nothing matches “${input.value.trim()}”` : `${found} of ${items.length} ${what}`;
  });
  filter.removeAttribute('hidden');
}

const large = document.querySelector('dialog.large');
if (large instanceof HTMLDialogElement) openLarge(large);

/** @param {HTMLDialogElement} dialog shows one picture large, with what is known of it and what is most like it */
function openLarge(dialog) {
  const picture = document.createElement('img');
  const looked = dialog.querySelector('.looked-at');
  const title = dialog.querySelector('#large-name');
  const facts = dialog.querySelector('.facts-of');
  const alike = dialog.querySelector('.alike');
  const others = dialog.querySelector('.alike ul');
  const place = dialog.querySelector('.place-of');
  if (!looked || !title || !facts || !alike || !others || !place) return;
  looked.prepend(picture);
  /** @type {HTMLElement[]} */
  let row = [];
  let at = 0;

  const show = () => {
    const button = row[at];
    const shown = button?.querySelector('img');
    if (!button || !shown) return;
    const { name = '', is, before, now, sure, alike: near = '' } = button.dataset;
    picture.src = shown.src;
    picture.alt = shown.alt;
    picture.classList.toggle('tiny', shown.classList.contains('tiny'));
    title.textContent = name;
    const lines = [
      ['Label', is],
      ['Accepted checkpoint says', before],
      ['This checkpoint says', now],
      ['How sure', sure],
    ];
    facts.replaceChildren(
      ...lines.flatMap(([term, value]) => {
        if (!term || !value) return [];
        const line = document.createElement('div');
        line.append(Object.assign(document.createElement('dt'), { textContent: term }));
        line.append(Object.assign(document.createElement('dd'), { textContent: value }));
        return [line];
      }),
    );
    const found = near
      .trim()
      .split(' ')
      .flatMap((id) => document.getElementById(id)?.querySelector('img') ?? []);
    others.replaceChildren(
      ...found.map((each) => {
        const item = document.createElement('li');
        const copy = document.createElement('img');
        copy.src = each.src;
        copy.alt = each.alt;
        copy.title = each.alt;
        copy.className = each.className;
        item.append(copy);
        return item;
      }),
    );
    alike.toggleAttribute('hidden', found.length === 0);
    place.textContent = `${at + 1} of ${row.length}`;
  };

  /** @param {number} by */
  const turn = (by) => {
    at = (at + by + row.length) % row.length;
    show();
  };

  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('button.picture') : null;
    if (!(button instanceof HTMLElement)) return;
    const all = [...(button.closest('ul')?.querySelectorAll('li:not([hidden]) button.picture') ?? [])];
    row = all.filter((each) => each instanceof HTMLElement);
    at = row.indexOf(button);
    show();
    dialog.showModal();
  });
  dialog.addEventListener('click', (event) => {
    const { target } = event;
    if (!(target instanceof HTMLElement)) return;
    if (target === dialog || target.matches('[data-close]')) dialog.close();
    if (target.dataset.turn) turn(Number(target.dataset.turn));
  });
  dialog.addEventListener('keydown', ({ key }) => {
    if (key === 'ArrowLeft') turn(-1);
    if (key === 'ArrowRight') turn(1);
  });
}
