/** The browser's own time, in milliseconds: the page reads it only here. */

/** Monotonic; only differences are meaningful. */
export function monoMs(): number {
  return performance.now();
}

export function every(ms: number, run: () => void): void {
  setInterval(run, ms);
}

/** Returns a function that cancels it. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    after(ms, resolve);
  });
}

/** Runs `run` after `ms`, once for all calls made until then. */
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
