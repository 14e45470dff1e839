/**
 * The program as it runs: the command and its threads, with what they import in few files, so that a command does not
 * load 1,300 modules one by one.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const source = (path: string) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));

/** Have binaries of their own, built for the machine they are installed on. */
const INSTALLED = ['libsql', 'ssh2'];

/**
 * V8 holds the source as long as the program runs, and with a single character beyond Latin-1 it takes two octets for
 * each of them. Its escape means the same in a literal, and nothing in a comment.
 */
const latin1: Plugin = {
  name: 'latin1',
  // When everything else has been printed: a printer would write the character again.
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      for (const chunk of Object.values(bundle))
        if (chunk.type === 'chunk') chunk.code = escapedBeyondLatin1(chunk.code);
    },
  },
};

function escapedBeyondLatin1(code: string): string {
  return code.replaceAll(/[\u0100-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export default defineConfig({
  plugins: [latin1],
  root: fileURLToPath(new URL('..', import.meta.url)),
  publicDir: false,
  ssr: { noExternal: true, external: INSTALLED },
  build: {
    ssr: true,
    outDir: fileURLToPath(new URL('../dist', import.meta.url)),
    emptyOutDir: true,
    target: 'node20.19',
    // Whoever reads a stack trace finds the place.
    minify: false,
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      input: {
        'cli/main': source('cli/main.ts'),
        'workers/ssh-session-worker': source('product/ssh-session-worker.ts'),
        'workers/session-worker': source('access/ssh/session-worker.ts'),
        'workers/bcrypt-worker': source('http/guard/bcrypt-worker.ts'),
      },
      output: { entryFileNames: '[name].js', chunkFileNames: 'parts/[name]-[hash].js' },
    },
  },
});
