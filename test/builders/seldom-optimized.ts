/**
 * Node.js 20 optimizes a function of the product after a few thousand steps, and where hundreds of functions run for a quarter
 * of a minute the compiler took a third of the CPU. Later it is asked eight times as seldom, and inlines less. From
 * Node.js 22 on V8 does that by itself, and has no such option.
 */
export const SELDOM_OPTIMIZED: readonly string[] = process.versions.node.startsWith('20.')
  ? ['--interrupt-budget=1056000', '--max-inlined-bytecode-size-cumulative=200']
  : [];
