# gdoiwatch in a container: no compiler, no shell script, not root, a read-only root file system.
#
#   docker buildx build --platform linux/amd64,linux/arm64 -t gdoiwatch .
#   docker run --read-only --tmpfs /tmp -p 127.0.0.1:9848:9848 gdoiwatch demo --listen 0.0.0.0:9848

ARG NODE_IMAGE=node:20-bookworm-slim

# Compiled once, on the machine that builds: JavaScript is the same for every architecture.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig*.json ./
COPY src ./src
RUN npm run build

# Per architecture: libsql has its binary in an optional package for each.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
# What the health check asks; change it with the port, or for TLS (and then set NODE_EXTRA_CA_CERTS).
ENV GDOIWATCH_HEALTH_URL=http://127.0.0.1:9848/-/healthy
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY package.json ./
# The only place it writes to, beside /tmp for the demo.
RUN install -d -o node -g node -m 0700 /var/lib/gdoiwatch
VOLUME /var/lib/gdoiwatch
USER 1000:1000
EXPOSE 9848/tcp 5514/udp 1162/udp
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(process.env.GDOIWATCH_HEALTH_URL).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["--help"]
