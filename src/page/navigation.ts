/** Goes from page to page without reloading. */

const listeners = new Set<() => void>();

/** `replace`: a change of filter is no step back in the history. */
export function navigate(address: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', address);
  else history.replaceState(null, '', address);
  for (const listener of listeners) listener();
}

/** `onChange` is called after each step, forward or back. */
export function followNavigation(isView: (url: URL) => boolean, onChange: () => void): void {
  listeners.add(onChange);
  window.addEventListener('popstate', onChange);
  document.addEventListener('click', (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (!(link instanceof HTMLAnchorElement) || link.target !== '') return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || url.hash !== '' || !isView(url)) return;
    event.preventDefault();
    navigate(`${url.pathname}${url.search}`);
  });
}
