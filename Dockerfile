FROM node:24-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

# Everything that the compiler needs; no install script is.
FROM base AS build
RUN npm ci --ignore-scripts --no-audit
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY config config
COPY migrations migrations
COPY src src
RUN npm run build && find dist -name '*.tsbuildinfo' -delete

# Only what runs: no dev packages, and with them no embedded PostgreSQL. `--omit=optional` would take the binary of argon2,
# too; of our own optional packages there is only the Node of the npm scripts, and the image has one. TypeScript is there for
# the plugin of @nestjs/swagger, which worked in the stage above.
FROM base AS packages
RUN npm ci --omit=dev --ignore-scripts --no-audit && rm -rf node_modules/node-* node_modules/typescript node_modules/.bin

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --start-interval=1s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Resident memory stays small: what a small young generation promotes too soon is collected early, as the old one is bounded.
CMD ["node", "--max-semi-space-size=8", "--max-old-space-size=256", "dist/src/main.js"]
