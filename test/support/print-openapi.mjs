// Prints the OpenAPI document of the built service; its swagger plugin runs only in the build.
import 'reflect-metadata';
import { pino } from 'pino';
import { loadConfig } from '../../dist/config/index.js';
import { createApp } from '../../dist/src/app.js';

const app = await createApp(loadConfig(), pino({ level: 'error' }, pino.destination(2)));
const { statusCode, payload } = await app.inject('/openapi.json');
await app.close();
if (statusCode !== 200) throw new Error(`/openapi.json answered ${statusCode}: ${payload}`);
process.stdout.write(payload);
