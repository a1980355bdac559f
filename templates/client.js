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
    status.textContent = hidden === 0 ? found : `${found}, the first ${limit} shown`;
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
  addEventListener('beforeprint', () => {
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
    const link = event.target instanceof Element ? event.target.closest('.drawing a') : null;
    const target = link?.getAttribute('href') ?? link?.getAttribute('xlink:href');
    const chosen = nodes.find((node) => `#${node.id}` === target);
    if (!(chosen instanceof HTMLElement)) return;
    event.preventDefault();
    // Choosing a node shows the leaves below it too: they hold its images.
    const below = [...chosen.querySelectorAll('.leaves a')].map((each) => each.getAttribute('href'));
    for (const node of nodes) {
      node.classList.toggle('chosen', node === chosen || below.includes(`#${node.id}`));
      node.classList.toggle('first', node === chosen);
    }
    for (const each of tree.querySelectorAll('a[aria-current]')) each.removeAttribute('aria-current');
    link?.setAttribute('aria-current', 'true');
    chosen.focus({ preventScroll: true });
    chosen.scrollIntoView({ block: 'nearest' });
  });
}
