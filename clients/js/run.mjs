// Runs JavaScript clients, unchanged, against the server at GIGAROUTER_URL. Started by `npm run test:clients`.
import './openai.mjs';
import './generated.mjs';
import './graphql.mjs';
import { runChecks } from './check.mjs';

await runChecks(process.argv.slice(2));
process.exit();
