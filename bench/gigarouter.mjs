// Our server as it is served, on the database of DATABASE_URL.
import { createApp } from '../dist/app/app.js';
import { readConfig } from '../dist/config/config.js';

const config = readConfig();
const app = await createApp(config, config.databaseUrl);
await app.server.listen({ port: 0, host: '127.0.0.1' });
process.send({ url: `http://127.0.0.1:${app.server.server.address().port}` });
process.on('disconnect', () => process.exit());
