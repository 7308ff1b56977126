import { generateKeySet } from './signing-keys.js';

// For JWT_KEYS_FILE in production: npm run --silent keys:generate > keys.json
process.stdout.write(`${JSON.stringify(generateKeySet(), null, 2)}\n`);
