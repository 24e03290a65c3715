/**
 * What `import … from 'millrace'` means under this folder. The package.json beside it, which keeps the benchmark's own packages out of the
 * project's install, hides the one above; so it bears the same name, and leads here, to the library as it was built.
 */
export * from '../dist/index.js';
