/** The keyboard: `/` goes to the search field, the arrows go through the entries of a list or table. */

export function followKeyboard(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === '/') {
      const field = document.querySelector<HTMLInputElement>('main input[type="search"]');
      if (field === null) return;
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const next = neighbour(document.activeElement, event.key === 'ArrowDown');
      if (next === null) return;
      event.preventDefault();
      next.focus();
    }
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, select, textarea') !== null;
}

/** What can get the focus in each entry: its first link, or what opens it. */
const ENTRY = 'main ol.events > li, main ul.cards > li, main tbody > tr';
const FOCUSABLE = 'summary, a[href]';

/** The first entry if none has the focus. */
function neighbour(focused: Element | null, down: boolean): HTMLElement | null {
  const entries = [...document.querySelectorAll(ENTRY)].filter((entry) => entry.querySelector(FOCUSABLE) !== null);
  const at = focused === null ? -1 : entries.findIndex((entry) => entry.contains(focused));
  // Elsewhere the arrows scroll, as usual.
  if (at < 0) return null;
  return entries[at + (down ? 1 : -1)]?.querySelector<HTMLElement>(FOCUSABLE) ?? null;
}
