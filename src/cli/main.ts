import 'reflect-metadata';
import { runCommand } from './run.js';

/** `npm run cli -- <command>` */
await runCommand();
