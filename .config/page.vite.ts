/** The web page as browsers get it: one script, one style sheet and one icon, named by their content. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('../src/page', import.meta.url)),
  // Nothing but what index.html names, and nothing inline: the page's policy allows its own files only.
  publicDir: false,
  // Wherever a proxy has them: the server puts in how far the root is above the page.
  base: './',
  build: {
    outDir: fileURLToPath(new URL('../dist/page', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    sourcemap: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    // Whose work is in the script: their licences go with it.
    license: { fileName: 'licenses.md' },
  },
});
