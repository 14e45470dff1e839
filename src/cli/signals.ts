/** Signals as an operator means them: the first one stops in order, a second one at once, SIGHUP reloads. */

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once. */
export function stopRequested(onHangup: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (signal: NodeJS.Signals) => {
      if (asked) process.exit(130);
      asked = true;
      resolve(signal);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    process.on('SIGHUP', onHangup);
  });
}
