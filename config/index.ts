export { Config, ConfigError, loadConfig } from './config.js';
export { Sealer } from './sealing.js';
export type { SigningKey } from './signing-keys.js';
export { ConfigModule } from './config.module.js';
export { deriveSecret, generateKeySet } from './signing-keys.js';
