/** How the dashboard is bundled: three kinds of files, each with its hash in its name, nothing inline. */
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  // Wherever it is served from: files name each other relative to themselves.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    // An inline file would be one that the content security policy keeps out.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false
  },
  logLevel: 'warn'
})
