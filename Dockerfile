# syntax=docker/dockerfile:1
ARG NODE_VERSION=26.10.0

FROM node:${NODE_VERSION}-slim AS build
WORKDIR /build
# For unix-dgram, which is compiled against the headers that this image has; nothing of it is in the next one but what it makes.
RUN apt-get update && apt-get install -y --no-install-recommends g++ make python3 && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm_config_nodedir=/usr/local npm ci && node -e "require('unix-dgram')"
COPY .ci/build ./.ci/build
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:${NODE_VERSION}-slim
LABEL org.opencontainers.image.title="lokean" \
      org.opencontainers.image.description="OpenStack logs from an AMQP 1.0 bus into Grafana Loki" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY LICENSE README.md ./
ENV NODE_ENV=production LOKEAN_ADMIN_ADDR=0.0.0.0:9464
EXPOSE 9464
# Any uid will do (OpenShift gives one of its own); nothing is written, so the root file system may be read-only.
USER 10001:0
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["node", "--", "dist/main.js", "check", "--health"]
# The dashes keep node from taking --env-file for itself.
ENTRYPOINT ["node", "--", "dist/main.js"]
CMD ["run"]
