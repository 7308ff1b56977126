// Stock movements in a second, on one product and over many: DATABASE_URL=... node bench/stock.mjs [--seconds 5]
// Through the service, past HTTP. After: npm run build. The database needs the migrations, and nothing else.
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { loadConfig } from '../dist/config/index.js';
import { createApp } from '../dist/src/app.js';
import { ProductsService } from '../dist/src/inventory/products/products.service.js';
import { StockService } from '../dist/src/inventory/stock/stock.service.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    products: { type: 'string', default: '1000' },
    writers: { type: 'string', default: '10' },
  },
});
const seconds = Number(values.seconds);
const writers = Number(values.writers);

const config = loadConfig({ ...process.env, NODE_ENV: 'test', DATABASE_POOL_SIZE: values.writers });
const app = await createApp(config, pino({ level: 'silent' }));
const stock = app.get(StockService);
const products = [];
for (let n = 0; n < Number(values.products); n += 1) {
  const { id } = await app
    .get(ProductsService)
    .createProduct({ sku: `STOCK-${uuidv7()}`, name: 'n', price: 1 });
  products.push(id);
}

await measure('one product, one writer', products.slice(0, 1), 1);
await measure(`one product, ${writers} writers`, products.slice(0, 1), writers);
await measure(`${products.length} products, ${writers} writers`, products, writers);
await compare();
await app.close();

async function measure(name, of, count) {
  const times = [];
  const until = performance.now() + seconds * 1000;
  const write = async () => {
    for (let began = performance.now(); began < until; began = performance.now()) {
      const id = of[Math.floor(Math.random() * of.length)];
      await stock.move(id, { quantity: 1 + Math.floor(Math.random() * 9), reason: 'receipt' }, null);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: count }, write));
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))].toFixed(1);
  process.stdout.write(
    `${name.padEnd(26)} ${Math.round(times.length / seconds)} movements/s, median ${at(0.5)} ms, p99 ${at(0.99)} ms\n`,
  );
}

/** Fails if a level is not the sum of its movements. */
async function compare() {
  const began = performance.now();
  const [row] = await app.get(DataSource).query(
    `SELECT count(*)::int AS movements, (SELECT sum(on_hand) FROM stock_levels) = sum(quantity) AS exact
     FROM stock_movements`,
  );
  const took = (performance.now() - began).toFixed(0);
  process.stdout.write(
    `${row.movements} movements, ${row.exact ? 'all' : 'NOT ALL'} in the levels (${took} ms)\n`,
  );
  if (!row.exact) process.exitCode = 1;
}
