/** The browser's own time: the only place of the page that asks for it. In milliseconds. */

/** Monotonic; only differences mean anything. */
export function monoMs(): number {
  return performance.now();
}

export function every(ms: number, run: () => void): void {
  setInterval(run, ms);
}

/** Returns the way to call it off. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    after(ms, resolve);
  });
}

/** `run` after `ms`, once for however many calls come until then. */
export function gathered(ms: number, run: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    after(ms, () => {
      waiting = false;
      run();
    });
  };
}
