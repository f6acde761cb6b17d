// Prepares the project and runs the measurements that the README quotes.
import { prepare, runNode } from './prepare.mjs';

prepare();
runNode(['bench/catalog.mjs', ...process.argv.slice(2)]);
