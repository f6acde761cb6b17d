// Loads the modules of src/, packages/ and node_modules/ once per worker. In jest each test file has a module registry
// of its own, which costs 2 s of CPU per file that imports the app, and 40 MB that are never freed.
// Test files and what they import of test/ are loaded for each file as ever.
import path from 'node:path';
import JestRuntime from 'jest-runtime';

const Runtime = JestRuntime.default ?? JestRuntime;
const ROOT = path.resolve(import.meta.dirname, '../..');
const SHARED = ['src', 'packages', 'node_modules'].map((name) => path.join(ROOT, name) + path.sep);

/** Has the modules that all test files of this worker share. It is never torn down. */
let library;

export default class SharedRuntime extends Runtime {
  constructor(...args) {
    super(...args);
    library ??= new Runtime(...args);
    // Stack traces are read from here.
    this.transformCache.sourceMaps = library.transformCache.sourceMaps;
  }

  requireModule(from, moduleName, options, isRequireActual) {
    return options === undefined && this.#isShared(from, moduleName)
      ? library.requireModule(from, moduleName, options, isRequireActual)
      : super.requireModule(from, moduleName, options, isRequireActual);
  }

  #isShared(from, moduleName) {
    if (moduleName !== undefined && this._resolution.isCoreModule(moduleName)) return false;
    const file = this._resolution.resolveCjs(from, moduleName);
    return !file.endsWith('.test.ts') && SHARED.some((folder) => file.startsWith(folder));
  }
}

export { SharedRuntime as 'module.exports' };
