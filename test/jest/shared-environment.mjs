// One global object for all the test files of a worker, so that modules can be shared (shared-runtime.mjs):
// what two global objects define (`Error`, `Array`) is not `instanceof` one another.
import { TestEnvironment } from 'jest-environment-node';

/** The state of jest's own in the global object, by the names of its symbols. */
const OF_JEST = new Set([
  '$$jest-matchers-object',
  'EVENT_HANDLERS',
  'JEST_STATE_SYMBOL',
  'LOG_ERRORS_BEFORE_RETRY',
  'RETRY_IMMEDIATELY',
  'RETRY_TIMES',
  'RETRY_TIMES_SETTER',
  'TEST_TIMEOUT_SYMBOL',
  'WAIT_BEFORE_RETRY',
]);

/** What a file may leave behind in it is put back between files: environment, mocked timers, jest's own state. */
export default class SharedEnvironment extends TestEnvironment {
  static #ofWorker;
  #env;
  #exit;

  constructor(...args) {
    if (SharedEnvironment.#ofWorker !== undefined) return SharedEnvironment.#ofWorker;
    super(...args);
    SharedEnvironment.#ofWorker = this;
    this.#env = { ...this.global.process.env };
    this.#exit = this.global.process.exit;
  }

  /** After each file. Not `super.teardown()`: it empties the global object. */
  async teardown() {
    const { global } = this;
    this.fakeTimersModern.dispose();
    global.process.exit = this.#exit;
    for (const name of Object.keys(global.process.env)) {
      if (!(name in this.#env)) delete global.process.env[name];
    }
    Object.assign(global.process.env, this.#env);
    for (const symbol of Object.getOwnPropertySymbols(global)) {
      if (OF_JEST.has(symbol.description)) Reflect.deleteProperty(global, symbol);
    }
  }
}
