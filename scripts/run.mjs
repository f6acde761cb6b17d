// Prepares the project and runs one of its compiled programs in the foreground:
// `node scripts/run.mjs dist/cli.js`. Passes signals on, and ends as the program ends.
import { endAs, Foreground } from './foreground.mjs';
import { prepare } from './prepare.mjs';

prepare();
const [program, ...args] = process.argv.slice(2);
await endAs(await new Foreground().run(program, args));
